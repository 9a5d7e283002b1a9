-- One row = one fact that a payment vendor told by webhook, once, however often it was told:
-- payments, refunds, failed payments, what subscriptions are worth, who customers are, and what
-- could not be read.
-- In:      web.revenue_events, analytics.day_runs
-- Columns: revenue_event
-- Owner:   analytics
WITH tellings AS (
    SELECT
        fact.*,
        row_number() OVER (
            PARTITION BY fact.site_id, fact.vendor, fact.fact_id
            ORDER BY fact.occurred_at, fact.event_id
        ) AS telling
    FROM lake.web.revenue_events AS fact
    JOIN lake.analytics.day_runs AS day
        ON day.site_id = fact.site_id
        AND day.local_date = fact.local_date
        AND day.run_id = fact.run_id
)
SELECT ${revenue_event_columns}
FROM tellings
WHERE telling = 1
