-- One row = one run that is held back, and whether it may still be switched to.
-- In:     web.held_runs, analytics.day_runs
-- Owner:  analytics
WITH held AS (
    SELECT
        run_id, site_id, min(local_date) AS first_date, max(local_date) AS last_date,
        count(*) AS day_count, min(reason) AS reason, min(committed_at) AS made_at
    FROM lake.web.held_runs
    WHERE (:site_id IS NULL OR site_id = :site_id) AND (:run_id IS NULL OR run_id = :run_id)
    GROUP BY run_id, site_id
),
newer AS (
    SELECT held_day.run_id, max(counting.run_id) AS newest_run_id
    FROM lake.web.held_runs AS held_day
    JOIN lake.analytics.day_runs AS counting
        ON counting.site_id = held_day.site_id AND counting.local_date = held_day.local_date
    GROUP BY held_day.run_id
)
SELECT
    held.run_id, held.site_id, held.first_date, held.last_date, held.day_count, held.reason,
    held.made_at,
    CASE
        WHEN newer.newest_run_id = held.run_id THEN 'switched'
        WHEN newer.newest_run_id > held.run_id THEN 'overtaken'
        WHEN held.run_id < :oldest_at_work THEN 'gone'
        ELSE 'held'
    END AS state
FROM held
LEFT JOIN newer ON newer.run_id = held.run_id
ORDER BY held.run_id
