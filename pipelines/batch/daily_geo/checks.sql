-- One row = what the rows of a run look like beside its sessions.
-- In:     web.daily_geo, web.sessions_restated
-- Owner:  analytics
WITH sessions AS (
    SELECT count(*) AS session_count
    FROM lake.web.sessions_restated
    WHERE site_id = :site_id AND run_id = :run_id
),
totals AS (
    SELECT coalesce(sum(session_count), 0) AS session_count
    FROM lake.web.daily_geo
    WHERE site_id = :site_id AND run_id = :run_id
)
SELECT sessions.session_count - totals.session_count AS lost_session_count
FROM sessions
CROSS JOIN totals
