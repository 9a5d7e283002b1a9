-- One row = the monthly recurring revenue of a site at the end of a restated local day, and what
-- moved it on that day. Days before the first subscription are left out.
-- In:      analytics.mrr_movements, analytics.day_runs
-- Columns: day_run
-- Column new_usd_amount: MRR of customers that came.
-- Column reactivation_usd_amount: MRR of customers that came back.
-- Column expansion_usd_amount: MRR that customers added.
-- Column contraction_usd_amount: MRR that customers took away, below 0.
-- Column churn_usd_amount: MRR of customers that left, below 0.
-- Column mrr_usd_amount: Monthly recurring revenue at the end of the day.
-- Column arr_usd_amount: Annual recurring revenue: twelve times that.
-- Column customer_count: Customers with a paying subscription at the end of the day.
-- Column arpu_usd_amount: MRR by customer; null without customers.
-- Day:     local_date
-- Owner:   analytics
WITH movement_days AS (
    SELECT
        site_id, local_date, sum(mrr_change_usd_amount) AS mrr_change_usd_amount,
        sum(mrr_change_usd_amount) FILTER (WHERE kind = 'new') AS new_usd_amount,
        sum(mrr_change_usd_amount) FILTER (WHERE kind = 'reactivation') AS reactivation_usd_amount,
        sum(mrr_change_usd_amount) FILTER (WHERE kind = 'expansion') AS expansion_usd_amount,
        sum(mrr_change_usd_amount) FILTER (WHERE kind = 'contraction') AS contraction_usd_amount,
        sum(mrr_change_usd_amount) FILTER (WHERE kind = 'churn') AS churn_usd_amount,
        count_if(kind IN ('new', 'reactivation')) - count_if(kind = 'churn') AS customer_change
    FROM lake.analytics.mrr_movements
    GROUP BY site_id, local_date
),
days AS (
    SELECT
        day.site_id, day.local_date, day.is_open, move.new_usd_amount,
        move.reactivation_usd_amount, move.expansion_usd_amount, move.contraction_usd_amount,
        move.churn_usd_amount,
        sum(move.mrr_change_usd_amount) OVER up_to_day AS mrr_usd_amount,
        sum(move.customer_change) OVER up_to_day AS customer_count
    FROM lake.analytics.day_runs AS day
    LEFT JOIN movement_days AS move
        ON move.site_id = day.site_id AND move.local_date = day.local_date
    WINDOW up_to_day AS (PARTITION BY day.site_id ORDER BY day.local_date)
),
mrr AS (
    SELECT
        site_id, local_date, is_open,
        coalesce(new_usd_amount, 0) AS new_usd_amount,
        coalesce(reactivation_usd_amount, 0) AS reactivation_usd_amount,
        coalesce(expansion_usd_amount, 0) AS expansion_usd_amount,
        coalesce(contraction_usd_amount, 0) AS contraction_usd_amount,
        coalesce(churn_usd_amount, 0) AS churn_usd_amount,
        mrr_usd_amount, 12 * mrr_usd_amount AS arr_usd_amount, customer_count,
        mrr_usd_amount / nullif(customer_count, 0) AS arpu_usd_amount
    FROM days
    WHERE mrr_usd_amount IS NOT NULL
)
SELECT
    site_id, local_date, is_open, new_usd_amount, reactivation_usd_amount, expansion_usd_amount,
    contraction_usd_amount, churn_usd_amount, mrr_usd_amount, arr_usd_amount, customer_count,
    arpu_usd_amount
FROM mrr
