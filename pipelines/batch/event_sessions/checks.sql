-- One row = what a run's pairs of event and session look like.
-- In:     web.event_sessions
-- Owner:  analytics
SELECT count(*) - count(DISTINCT event_id) AS repeated_event_count
FROM lake.web.event_sessions
WHERE site_id = :site_id AND run_id = :run_id
