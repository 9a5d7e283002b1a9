-- One row = what the touches of a run look like.
-- In:     web.touchpoints, web.sessions_restated
-- Owner:  analytics
WITH sessions AS (
    SELECT count(*) AS session_count
    FROM lake.web.sessions_restated
    WHERE site_id = :site_id AND run_id = :run_id
)
SELECT (SELECT session_count FROM sessions) - count(DISTINCT session_id) AS missing_touch_count
FROM lake.web.touchpoints
WHERE site_id = :site_id AND run_id = :run_id
