-- One row = the buyers who first paid in one month, and what they had paid so many months later.
-- In:      analytics.revenue_events
-- Columns: revenue_event
-- Column cohort_month: First day of the local month of the first payment.
-- Column month_number: Months since; 0 is the month of the first payment.
-- Column buyer_count: Buyers of the cohort, those who came back no more included.
-- Column paying_buyer_count: Buyers of the cohort who paid in that month.
-- Column revenue_usd_amount: What the cohort paid in that month, less refunds, in US dollars.
-- Column ltv_usd_amount: What a buyer of the cohort has paid up to that month, on average.
-- Day:     cohort_month
-- Owner:   analytics
WITH payments AS (
    SELECT
        site_id, kind, revenue_usd_amount, ROW(vendor, buyer_id) AS buyer,
        date_trunc('month', local_date) AS paid_month,
        date_trunc('month', min(local_date) OVER (PARTITION BY site_id, vendor, buyer_id))
            AS cohort_month
    FROM lake.analytics.revenue_events
),
cohorts AS (
    SELECT site_id, cohort_month, count(DISTINCT buyer) AS buyer_count
    FROM payments
    GROUP BY site_id, cohort_month
),
months AS (
    SELECT
        site_id, cohort_month, date_diff('month', cohort_month, paid_month) AS month_number,
        count(DISTINCT buyer) FILTER (WHERE kind <> 'refund') AS paying_buyer_count,
        coalesce(sum(revenue_usd_amount), 0) AS revenue_usd_amount
    FROM payments
    GROUP BY site_id, cohort_month, date_diff('month', cohort_month, paid_month)
),
revenue_cohorts AS (
    SELECT
        months.site_id, months.cohort_month, months.month_number, cohorts.buyer_count,
        months.paying_buyer_count, months.revenue_usd_amount,
        sum(months.revenue_usd_amount) OVER (
            PARTITION BY months.site_id, months.cohort_month ORDER BY months.month_number
        ) / cohorts.buyer_count AS ltv_usd_amount
    FROM months
    JOIN cohorts
        ON cohorts.site_id = months.site_id AND cohorts.cohort_month = months.cohort_month
)
SELECT
    site_id, cohort_month, month_number, buyer_count, paying_buyer_count, revenue_usd_amount,
    ltv_usd_amount
FROM revenue_cohorts
