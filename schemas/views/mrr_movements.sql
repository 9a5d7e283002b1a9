-- One row = one change of what a subscription is worth a month, as a payment vendor told it. The
-- movements of all subscriptions up to a moment sum to the MRR of that moment.
-- In:      analytics.revenue_facts
-- Columns: revenue_event
-- Column kind: new: a customer's first. reactivation: the first after all had ended. churn: the last one ended. expansion, contraction: more or less than before.
-- Column mrr_change_amount: What it is worth more a month than before, in currency.
-- Column mrr_change_usd_amount: The same in US dollars. A worth keeps the rate of the day it began, so that a rate alone moves nothing.
-- Day:     local_date
-- Owner:   analytics
-- What was before each change comes from the order of the facts, never from their arrival.
WITH states AS (
    SELECT
        site_id, local_date, vendor, fact_id, event_id, occurred_at, fact_step, subscription_id,
        coalesce(customer_id, subscription_id) AS customer_id, currency, mrr_amount, mrr_usd_amount,
        coalesce(lag(mrr_amount) OVER of_subscription, 0) AS mrr_before,
        coalesce(lag(currency) OVER of_subscription, currency) AS currency_before
    FROM lake.analytics.revenue_facts
    WHERE kind = 'subscription_change'
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
