-- One row = what payment vendors told of one restated local day, beside its visitors and sessions.
-- In:      analytics.revenue_events, analytics.daily_site
-- Columns: daily_site, day_run
-- Column payment_count: Payments.
-- Column refund_count: Refunds.
-- Column one_time_usd_amount: Payments that are of no subscription.
-- Column subscription_usd_amount: Payments of subscriptions.
-- Column refund_usd_amount: Refunds, below 0.
-- Column revenue_usd_amount: All of them together, in US dollars.
-- Column unpriced_count: Payments and refunds in a currency without a rate: they are in no amount here.
-- Column revenue_per_visitor_usd_amount: Revenue by visitor of the day; null without one.
-- Column revenue_per_session_usd_amount: Revenue by session begun on the day; null without one.
-- Day:     local_date
-- Owner:   analytics
WITH money AS (
    SELECT
        site_id, local_date,
        count_if(kind <> 'refund') AS payment_count,
        count_if(kind = 'refund') AS refund_count,
        sum(revenue_usd_amount) FILTER (WHERE kind = 'one_time') AS one_time_usd_amount,
        sum(revenue_usd_amount) FILTER (WHERE kind = 'subscription') AS subscription_usd_amount,
        sum(revenue_usd_amount) FILTER (WHERE kind = 'refund') AS refund_usd_amount,
        sum(revenue_usd_amount) AS revenue_usd_amount,
        count_if(revenue_usd_amount IS NULL) AS unpriced_count
    FROM lake.analytics.revenue_events
    GROUP BY site_id, local_date
),
daily_revenue AS (
    SELECT
        day.site_id, day.local_date, day.is_open, day.visitor_count, day.session_count,
        coalesce(money.payment_count, 0) AS payment_count,
        coalesce(money.refund_count, 0) AS refund_count,
        coalesce(money.one_time_usd_amount, 0) AS one_time_usd_amount,
        coalesce(money.subscription_usd_amount, 0) AS subscription_usd_amount,
        coalesce(money.refund_usd_amount, 0) AS refund_usd_amount,
        coalesce(money.revenue_usd_amount, 0) AS revenue_usd_amount,
        coalesce(money.unpriced_count, 0) AS unpriced_count
    FROM lake.analytics.daily_site AS day
    LEFT JOIN money ON money.site_id = day.site_id AND money.local_date = day.local_date
)
SELECT
    site_id, local_date, is_open, visitor_count, session_count, payment_count, refund_count,
    one_time_usd_amount, subscription_usd_amount, refund_usd_amount, revenue_usd_amount,
    unpriced_count,
    revenue_usd_amount / nullif(visitor_count, 0) AS revenue_per_visitor_usd_amount,
    revenue_usd_amount / nullif(session_count, 0) AS revenue_per_session_usd_amount
FROM daily_revenue
