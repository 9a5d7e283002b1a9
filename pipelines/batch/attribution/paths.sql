-- One row = channels in the order visitors met them, how often that led to a conversion, how often
-- to none: the site's paths of the days that end with a conversion's day.
-- In:     known_touches.sql, web.conversions, analytics.day_runs
-- Rules:  attribution.history_days, lookback_days (of the model that asks)
-- Owner:  analytics
WITH touches AS (
    ${known_touches}
),
conversions AS (
    SELECT conversion.event_id, conversion.visitor_id, conversion.event_at
    FROM lake.web.conversions AS conversion
    LEFT JOIN lake.analytics.day_runs AS day
        ON day.site_id = conversion.site_id
        AND day.local_date = conversion.local_date
        AND day.run_id = conversion.run_id
    WHERE conversion.site_id = :site_id
        AND conversion.local_date BETWEEN :history_from AND :last_date
        AND (
            conversion.run_id = :run_id
            OR (day.run_id IS NOT NULL AND NOT contains(:dates, conversion.local_date))
        )
),
converting_steps AS (
    SELECT conversion.event_id AS path_id, touch.channel, touch.touched_at, touch.session_id
    FROM conversions AS conversion
    JOIN touches AS touch
        ON touch.visitor_id = conversion.visitor_id
        AND touch.touched_at <= conversion.event_at
        AND date_add('day', :lookback_days, touch.touched_at) >= conversion.event_at
),
last_conversions AS (
    SELECT visitor_id, max(event_at) AS converted_at FROM conversions GROUP BY visitor_id
),
-- What a visitor did after the last conversion led to none so far.
lost_steps AS (
    SELECT touch.visitor_id AS path_id, touch.channel, touch.touched_at, touch.session_id
    FROM touches AS touch
    LEFT JOIN last_conversions AS last_one ON last_one.visitor_id = touch.visitor_id
    WHERE touch.local_date >= :history_from
        AND (last_one.visitor_id IS NULL OR touch.touched_at > last_one.converted_at)
),
steps AS (
    SELECT *, true AS is_converted FROM converting_steps
    UNION ALL
    SELECT *, false AS is_converted FROM lost_steps
),
moves AS (
    SELECT
        *,
        lag(channel) OVER (
            PARTITION BY is_converted, path_id ORDER BY touched_at, session_id
        ) AS channel_before
    FROM steps
),
-- A channel met again at once changes no model, and paths without it are fewer.
paths AS (
    SELECT
        is_converted, path_id,
        array_agg(channel ORDER BY touched_at, session_id) AS channels
    FROM moves
    WHERE channel_before IS DISTINCT FROM channel
    GROUP BY is_converted, path_id
)
SELECT
    channels, count_if(is_converted) AS converted_count, count_if(NOT is_converted) AS lost_count
FROM paths
GROUP BY channels
