-- One row = one place from which sessions came on a restated day.
-- In:     web.sessions_restated, session_totals.sql
-- Owner:  analytics
INSERT INTO lake.web.daily_geo (${daily_geo_columns})
WITH totals AS (
    SELECT
        site_id, started_date AS local_date, run_id, country, region, city,
        ${session_totals}
    FROM lake.web.sessions_restated
    WHERE site_id = :site_id AND run_id = :run_id
    GROUP BY site_id, started_date, run_id, country, region, city
)
SELECT ${daily_geo_columns} FROM totals
