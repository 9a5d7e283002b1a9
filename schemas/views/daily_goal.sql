-- One row = one goal on a local day of a site, as its counting restatement found it.
-- In:      web.daily_goal, analytics.day_runs
-- Columns: daily_goal, day_run
-- Day:     local_date
-- Owner:   analytics
WITH counting_days AS (
    SELECT
        total.site_id, total.local_date, total.run_id, total.event_name, total.conversion_count,
        total.visitor_count, total.session_count, total.order_count, total.revenue_usd_amount,
        -- Runs of before goals knew conversions alone.
        coalesce(total.goal_id, total.event_name) AS goal_id,
        coalesce(total.goal_kind, 'conversion') AS goal_kind,
        coalesce(total.goal_name, total.event_name) AS goal_name,
        coalesce(total.completion_count, total.conversion_count) AS completion_count, day.is_open
    FROM lake.web.daily_goal AS total
    JOIN lake.analytics.day_runs AS day
        ON day.site_id = total.site_id
        AND day.local_date = total.local_date
        AND day.run_id = total.run_id
)
SELECT ${daily_goal_columns}, is_open FROM counting_days
