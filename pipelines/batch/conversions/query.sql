-- One row = one conversion of a restated day.
-- In:     counted_events.sql, known_touches.sql, sessions_of_events.sql
-- Rules:  attribution.lookback_days (the longest)
-- Owner:  analytics
INSERT INTO lake.web.conversions (${conversion_columns})
WITH day_conversions AS (
    SELECT *
    FROM (
        ${counted_events}
    )
    WHERE is_conversion AND contains(:dates, local_date)
),
touches AS (
    ${known_touches}
),
journeys AS (
    SELECT
        conversion.event_id, count(touch.session_id) AS touch_count,
        min(touch.touched_at) AS first_touch_at,
        ${touch_digest} AS touch_digest
    FROM day_conversions AS conversion
    LEFT JOIN touches AS touch
        ON touch.visitor_id = conversion.visitor_id
        AND touch.touched_at <= conversion.event_at
        AND touch.touched_at
            >= conversion.event_at - INTERVAL '${attribution_lookback_days}' DAY
    GROUP BY conversion.event_id
),
sessions_of_events AS (
    ${sessions_of_events}
),
conversions AS (
    SELECT
        conversion.site_id, conversion.local_date, :run_id AS run_id, conversion.event_id,
        conversion.event_name, conversion.event_at, conversion.visitor_id, conversion.user_id,
        pair.session_id, conversion.sender, conversion.page_path, conversion.revenue_amount,
        conversion.currency, conversion.revenue_usd_amount, conversion.is_bot,
        journeys.touch_count, journeys.first_touch_at, journeys.touch_digest
    FROM day_conversions AS conversion
    JOIN journeys ON journeys.event_id = conversion.event_id
    LEFT JOIN sessions_of_events AS pair ON pair.event_id = conversion.event_id
)
SELECT ${conversion_columns} FROM conversions
