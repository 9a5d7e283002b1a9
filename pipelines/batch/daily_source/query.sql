-- One row = one source, medium and campaign from which sessions came on a restated day.
-- In:     web.sessions_restated, session_totals.sql
-- Owner:  analytics
INSERT INTO lake.web.daily_source (${daily_source_columns})
WITH totals AS (
    SELECT
        site_id, started_date AS local_date, run_id, source, medium, campaign, channel,
        ${session_totals}
    FROM lake.web.sessions_restated
    WHERE site_id = :site_id AND run_id = :run_id
    GROUP BY site_id, started_date, run_id, source, medium, campaign, channel
)
SELECT ${daily_source_columns} FROM totals
