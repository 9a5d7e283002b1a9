-- One row = one kind of device, browser and operating system with which sessions were made on a restated day.
-- In:     web.sessions_restated, session_totals.sql
-- Owner:  analytics
INSERT INTO lake.web.daily_tech (${daily_tech_columns})
WITH totals AS (
    SELECT
        site_id, started_date AS local_date, run_id, device, browser, os,
        ${session_totals}
    FROM lake.web.sessions_restated
    WHERE site_id = :site_id AND run_id = :run_id
    GROUP BY site_id, started_date, run_id, device, browser, os
)
SELECT ${daily_tech_columns} FROM totals
