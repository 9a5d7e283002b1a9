-- One row = one conversion of a day and one of its touches, in order; of a long journey the first
-- touch and the newest.
-- In:     web.conversions, known_touches.sql
-- Rules:  attribution.lookback_days (the longest), max_touches
-- Owner:  analytics
WITH touches AS (
    ${known_touches}
),
steps AS (
    SELECT
        conversion.*, touch.session_id AS touch_session_id, touch.touched_at, touch.source,
        touch.medium, touch.campaign, touch.channel, touch.entry_page, touch.click_id_kind,
        touch.click_id,
        row_number() OVER (
            PARTITION BY conversion.event_id ORDER BY touch.touched_at, touch.session_id
        ) AS number
    FROM lake.web.conversions AS conversion
    LEFT JOIN touches AS touch
        ON touch.visitor_id = conversion.visitor_id
        AND touch.touched_at <= conversion.event_at
        AND touch.touched_at
            >= conversion.event_at - INTERVAL '${attribution_lookback_days}' DAY
    WHERE conversion.site_id = :site_id
        AND conversion.run_id = :run_id
        AND conversion.local_date = :local_date
),
journeys AS (
    SELECT * FROM steps WHERE number = 1 OR number > touch_count - ${attribution_max_touches} + 1
)
SELECT
    event_id, event_name, event_at, visitor_id, revenue_amount, currency, revenue_usd_amount,
    is_bot, touch_session_id, touched_at, source, medium, campaign, channel, entry_page,
    click_id_kind, click_id
FROM journeys
ORDER BY event_id, number
