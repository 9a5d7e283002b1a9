-- One row = what the sources of a run look like beside its sessions.
-- In:     web.daily_source, web.sessions_restated
-- Owner:  analytics
WITH sessions AS (
    SELECT count(*) AS session_count, coalesce(sum(conversion_count), 0) AS conversion_count
    FROM lake.web.sessions_restated
    WHERE site_id = :site_id AND run_id = :run_id
),
sources AS (
    SELECT
        coalesce(sum(session_count), 0) AS session_count,
        coalesce(sum(conversion_count), 0) AS conversion_count
    FROM lake.web.daily_source
    WHERE site_id = :site_id AND run_id = :run_id
)
SELECT
    sessions.session_count - sources.session_count AS lost_session_count,
    sessions.conversion_count - sources.conversion_count AS lost_conversion_count
FROM sessions
CROSS JOIN sources
