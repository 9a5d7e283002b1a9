-- One row = one conversion, with its session where the day has been restated.
-- In:      analytics.events, web.event_sessions, analytics.day_runs
-- Columns: event_row, event_session
-- Day:     event_date
-- Owner:   analytics
WITH sessions_of_events AS (
    SELECT pair.site_id, pair.event_id, pair.session_id
    FROM lake.web.event_sessions AS pair
    JOIN lake.analytics.day_runs AS day
        ON day.site_id = pair.site_id
        AND day.local_date = pair.local_date
        AND day.run_id = pair.run_id
),
conversions AS (
    SELECT
        event.site_id, event.event_id, event.event_name, event.event_at, event.event_date,
        event.visitor_id, event.user_id, pair.session_id, event.sender, event.page_path,
        event.source, event.medium, event.campaign, event.channel, event.country, event.device,
        event.revenue_amount, event.currency, event.revenue_usd_amount, event.is_bot,
        event.properties
    FROM lake.analytics.events AS event
    LEFT JOIN sessions_of_events AS pair
        ON pair.site_id = event.site_id AND pair.event_id = event.event_id
    WHERE event.is_conversion
)
SELECT
    site_id, event_id, event_name, event_at, event_date, visitor_id, user_id, session_id, sender,
    page_path, source, medium, campaign, channel, country, device, revenue_amount, currency,
    revenue_usd_amount, is_bot, properties
FROM conversions
