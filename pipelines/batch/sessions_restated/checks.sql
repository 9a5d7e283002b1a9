-- One row = what the sessions of a run look like.
-- In:     web.sessions_restated, web.event_sessions
-- Rules:  sessions.gap_minutes
-- Owner:  analytics
WITH sessions AS (
    SELECT
        *,
        max(ended_at) OVER (
            PARTITION BY visitor_id ORDER BY started_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS visitor_ended_at
    FROM lake.web.sessions_restated
    WHERE site_id = :site_id AND run_id = :run_id
),
pairs AS (
    SELECT count(*) AS event_count
    FROM lake.web.event_sessions
    WHERE site_id = :site_id AND run_id = :run_id
)
SELECT
    count(*) - count(DISTINCT session_id) AS repeated_session_count,
    count_if(
        started_at <= visitor_ended_at + INTERVAL '${session_gap_minutes}' MINUTE
    ) AS overlap_count,
    count_if(duration_ms < 0) AS negative_duration_count,
    (SELECT event_count FROM pairs) - coalesce(sum(event_count), 0) AS missing_event_count
FROM sessions
