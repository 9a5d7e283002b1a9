-- One row = one event of a session that began on a restated day.
-- In:     counted_events.sql
-- Rules:  sessions.gap_minutes, session_senders, restate_lookahead_hours
-- Owner:  analytics
INSERT INTO lake.web.event_sessions (site_id, local_date, run_id, event_id, session_id)
WITH session_events AS (
    SELECT site_id, visitor_id, event_id, event_at, place
    FROM (
        ${counted_events}
    )
    WHERE makes_session
),
starts AS (
    SELECT
        *,
        CASE
            WHEN lag(event_at) OVER visits IS NULL
                OR event_at > lag(event_at) OVER visits + INTERVAL '${session_gap_minutes}' MINUTE
            THEN event_at
        END AS starts_at
    FROM session_events
    WINDOW visits AS (PARTITION BY visitor_id ORDER BY place)
),
event_starts AS (
    SELECT
        *,
        max(starts_at) OVER (
            PARTITION BY visitor_id ORDER BY place
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS started_at
    FROM starts
),
days AS (
    SELECT local_date, looks_until
    FROM unnest(
        CAST(:dates AS array(date)), CAST(:looks_until AS array(timestamp(6) with time zone))
    ) AS day (local_date, looks_until)
),
event_sessions AS (
    SELECT
        event.site_id, days.local_date, :run_id AS run_id, event.event_id,
        ${session_id} AS session_id
    FROM event_starts AS event
    -- What began before the first day or after the last was read for its neighbours' sake.
    JOIN days ON days.local_date = CAST(at_timezone(event.started_at, :zone) AS date)
    WHERE event.event_at < days.looks_until
)
SELECT site_id, local_date, run_id, event_id, session_id FROM event_sessions
