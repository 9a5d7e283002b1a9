-- One row = one fact that a payment vendor told by webhook, once, however often it was told:
-- payments, refunds, failed payments, what subscriptions are worth, who customers are, and what
-- could not be read.
-- In:      web.revenue_events, analytics.day_runs, analytics.erasures
-- Columns: revenue_event
-- Day:     local_date
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
),
erased_visitors AS (
    SELECT DISTINCT site_id, visitor_id
    FROM lake.analytics.erasures
    WHERE visitor_id IS NOT NULL
),
-- A payment stays in the books of the site; whose it was is forgotten.
facts AS (
    SELECT
        told.site_id, local_date, run_id, vendor, fact_id, kind, event_id, occurred_at, fact_step,
        customer_id, subscription_id, payment_id,
        if(erased.visitor_id IS NULL, client_reference_id) AS client_reference_id, email_hash,
        revenue_amount, currency, revenue_usd_amount, mrr_amount, mrr_usd_amount, fault
    FROM tellings AS told
    LEFT JOIN erased_visitors AS erased
        ON erased.site_id = told.site_id AND erased.visitor_id = told.client_reference_id
    WHERE telling = 1
)
SELECT ${revenue_event_columns} FROM facts
