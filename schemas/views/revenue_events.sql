-- One row = one payment or refund that a payment vendor told by webhook, once, however often it was
-- told, with the visitor who paid.
-- In:      analytics.revenue_facts, web.visitor_emails, web.first_seen, analytics.day_runs, analytics.erasures
-- Columns: revenue_event
-- Column buyer_id: Who paid: the vendor's customer, else the address, else the payment itself.
-- Column visitor_id: Visitor who paid; null if nothing tells.
-- Column matched_by: What told the visitor: client_reference_id or email; null without a visitor.
-- Day:     local_date
-- Owner:   analytics
-- A site that hands its vendor something else than a visitor_id names no visitor.
WITH visitors AS (
    SELECT DISTINCT seen.site_id, seen.visitor_id
    FROM lake.web.first_seen AS seen
    WHERE NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = seen.site_id AND erased.visitor_id = seen.visitor_id
        )
),
email_visitors AS (
    SELECT
        email.site_id, email.email_hash,
        min_by(email.visitor_id, ROW(email.identified_at, email.visitor_id)) AS visitor_id
    FROM lake.web.visitor_emails AS email
    JOIN lake.analytics.day_runs AS day
        ON day.site_id = email.site_id
        AND day.local_date = email.local_date
        AND day.run_id = email.run_id
    WHERE NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = email.site_id AND erased.visitor_id = email.visitor_id
        )
    GROUP BY email.site_id, email.email_hash
),
hints AS (
    SELECT fact.*, visitors.visitor_id AS named, email_visitors.visitor_id AS mailed
    FROM lake.analytics.revenue_facts AS fact
    LEFT JOIN visitors
        ON visitors.site_id = fact.site_id AND visitors.visitor_id = fact.client_reference_id
    LEFT JOIN email_visitors
        ON email_visitors.site_id = fact.site_id AND email_visitors.email_hash = fact.email_hash
),
-- A fact that names nobody is of whom its payment, or its customer, was first said to be.
shared_hints AS (
    SELECT
        *,
        if(payment_id IS NOT NULL, first_value(named) IGNORE NULLS OVER of_payment) AS payment_named,
        if(customer_id IS NOT NULL, first_value(named) IGNORE NULLS OVER of_customer)
            AS customer_named,
        if(payment_id IS NOT NULL, first_value(mailed) IGNORE NULLS OVER of_payment)
            AS payment_mailed,
        if(customer_id IS NOT NULL, first_value(mailed) IGNORE NULLS OVER of_customer)
            AS customer_mailed
    FROM hints
    WINDOW
        of_payment AS (
            PARTITION BY site_id, vendor, payment_id ORDER BY occurred_at, fact_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ),
        of_customer AS (
            PARTITION BY site_id, vendor, customer_id ORDER BY occurred_at, fact_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
),
revenue_events AS (
    SELECT
        site_id, local_date, vendor, fact_id, kind, event_id, occurred_at,
        coalesce(customer_id, email_hash, payment_id, fact_id) AS buyer_id,
        customer_id, subscription_id, payment_id, revenue_amount, currency, revenue_usd_amount,
        coalesce(named, payment_named, customer_named) AS named_visitor_id,
        coalesce(mailed, payment_mailed, customer_mailed) AS mailed_visitor_id
    FROM shared_hints
    WHERE revenue_amount IS NOT NULL
)
SELECT
    site_id, local_date, vendor, fact_id, kind, event_id, occurred_at, buyer_id, customer_id,
    subscription_id, payment_id, revenue_amount, currency, revenue_usd_amount,
    coalesce(named_visitor_id, mailed_visitor_id) AS visitor_id,
    CASE
        WHEN named_visitor_id IS NOT NULL THEN 'client_reference_id'
        WHEN mailed_visitor_id IS NOT NULL THEN 'email'
    END AS matched_by
FROM revenue_events
