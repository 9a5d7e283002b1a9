-- One row = one day, by the columns asked for: each measure by the run that counts, and by the held one.
-- In:     a table of restated days, web.held_runs, analytics.day_runs
-- Owner:  analytics
WITH days AS (
    SELECT held.local_date, held.run_id AS held_run_id, counting.run_id AS counting_run_id
    FROM lake.web.held_runs AS held
    LEFT JOIN lake.analytics.day_runs AS counting
        ON counting.site_id = held.site_id AND counting.local_date = held.local_date
    WHERE held.site_id = :site_id AND held.run_id = :run_id
)
SELECT
    days.local_date AS day, ${columns}
FROM lake.web.${table} AS made
JOIN days
    ON days.local_date = made.${date_column}
    AND made.run_id IN (days.held_run_id, days.counting_run_id)
WHERE made.site_id = :site_id
GROUP BY ${groups}
ORDER BY ${groups}
