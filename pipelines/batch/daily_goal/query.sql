-- One row = one kind of conversion on a restated day.
-- In:     web.conversions
-- Owner:  analytics
INSERT INTO lake.web.daily_goal (${daily_goal_columns})
WITH totals AS (
    SELECT
        site_id, local_date, run_id, event_name, count(*) AS conversion_count,
        count(DISTINCT visitor_id) AS visitor_count, count(DISTINCT session_id) AS session_count,
        count_if(revenue_usd_amount > 0) AS order_count,
        CAST(coalesce(sum(revenue_usd_amount), DECIMAL '0') AS decimal(18, 4))
            AS revenue_usd_amount
    FROM lake.web.conversions
    WHERE site_id = :site_id AND run_id = :run_id
    GROUP BY site_id, local_date, run_id, event_name
)
SELECT ${daily_goal_columns} FROM totals
