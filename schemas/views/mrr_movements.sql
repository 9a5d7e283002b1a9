-- One row = one change of what a subscription is worth a month, as a payment vendor told it. The
-- movements of all subscriptions up to a moment sum to the MRR of that moment.
-- In:      web.revenue_events, analytics.day_runs
-- Columns: revenue_event
-- Column kind: new: a customer's first. reactivation: the first after all had ended. churn: the last one ended. expansion, contraction: more or less than before.
-- Column mrr_change_amount: What it is worth more a month than before, in currency.
-- Column mrr_change_usd_amount: The same in US dollars. A worth keeps the rate of the day it began, so that a rate alone moves nothing.
-- Owner:   analytics
WITH tellings AS (
    SELECT
        fact.site_id, fact.local_date, fact.vendor, fact.fact_id, fact.event_id, fact.occurred_at,
        fact.fact_step, fact.subscription_id, fact.currency, fact.mrr_amount, fact.mrr_usd_amount,
        coalesce(fact.customer_id, fact.subscription_id) AS customer_id,
        row_number() OVER (
            PARTITION BY fact.site_id, fact.vendor, fact.fact_id
            ORDER BY fact.occurred_at, fact.event_id
        ) AS telling
    FROM lake.web.revenue_events AS fact
    JOIN lake.analytics.day_runs AS day
        ON day.site_id = fact.site_id
        AND day.local_date = fact.local_date
        AND day.run_id = fact.run_id
    WHERE fact.kind = 'subscription_change'
),
-- What was before each change comes from the order of the facts, never from their arrival.
states AS (
    SELECT
        *,
        coalesce(lag(mrr_amount) OVER of_subscription, 0) AS mrr_before,
        coalesce(lag(currency) OVER of_subscription, currency) AS currency_before
    FROM tellings
    WHERE telling = 1
    WINDOW of_subscription AS (
        PARTITION BY site_id, vendor, subscription_id ORDER BY occurred_at, fact_step, fact_id
    )
),
changes AS (
    SELECT
        *,
        mrr_usd_amount - coalesce(
            lag(mrr_usd_amount) OVER (
                PARTITION BY site_id, vendor, subscription_id
                ORDER BY occurred_at, fact_step, fact_id
            ),
            0
        ) AS mrr_change_usd_amount,
        if(mrr_amount > 0, 1, 0) - if(mrr_before > 0, 1, 0) AS paying_change
    FROM states
    WHERE mrr_amount <> mrr_before OR (currency <> currency_before AND mrr_amount > 0)
),
customers AS (
    SELECT
        *,
        row_number() OVER of_customer AS movement_number,
        sum(paying_change) OVER of_customer AS paying_count
    FROM changes
    WINDOW of_customer AS (
        PARTITION BY site_id, vendor, customer_id ORDER BY occurred_at, fact_step, fact_id
    )
),
movements AS (
    SELECT
        site_id, local_date, vendor, fact_id, event_id, occurred_at, customer_id, subscription_id,
        CASE
            WHEN paying_count = 0 THEN 'churn'
            WHEN movement_number = 1 THEN 'new'
            WHEN paying_count = paying_change THEN 'reactivation'
            WHEN mrr_amount < mrr_before THEN 'contraction'
            ELSE 'expansion'
        END AS kind,
        if(currency = currency_before, mrr_amount - mrr_before) AS mrr_change_amount, currency,
        mrr_change_usd_amount
    FROM customers
)
SELECT
    site_id, local_date, vendor, fact_id, event_id, occurred_at, customer_id, subscription_id, kind,
    mrr_change_amount, currency, mrr_change_usd_amount
FROM movements
