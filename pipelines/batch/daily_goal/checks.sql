-- One row = what the goals of a run look like beside its totals.
-- In:     web.daily_goal, web.daily_site
-- Owner:  analytics
WITH days AS (
    SELECT sum(conversion_count) AS conversion_count
    FROM lake.web.daily_site
    WHERE site_id = :site_id AND run_id = :run_id
),
goals AS (
    SELECT
        coalesce(sum(conversion_count), 0) AS conversion_count,
        count(*) - count(DISTINCT ROW(local_date, goal_kind, goal_id)) AS repeated_goal_count,
        count_if(
            completion_count < 1
            OR session_count > completion_count
            OR order_count > completion_count
        ) AS impossible_goal_count
    FROM lake.web.daily_goal
    WHERE site_id = :site_id AND run_id = :run_id
)
SELECT
    days.conversion_count - goals.conversion_count AS lost_conversion_count,
    goals.repeated_goal_count, goals.impossible_goal_count
FROM days
CROSS JOIN goals
