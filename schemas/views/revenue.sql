-- One row = one event that brought money, in its own currency and in US dollars.
-- In:      analytics.events
-- Columns: event_row
-- Day:     event_date
-- Owner:   analytics
WITH revenue AS (
    SELECT
        site_id, event_id, event_name, event_at, event_date, visitor_id, user_id, sender, source,
        medium, campaign, channel, country, device, revenue_amount, currency, revenue_usd_amount,
        is_bot
    FROM lake.analytics.events
    WHERE revenue_amount IS NOT NULL
)
SELECT
    site_id, event_id, event_name, event_at, event_date, visitor_id, user_id, sender, source,
    medium, campaign, channel, country, device, revenue_amount, currency, revenue_usd_amount,
    is_bot
FROM revenue
