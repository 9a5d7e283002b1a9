-- One row = one session, counted once: as restated, or live where its day is not settled.
-- In:      web.sessions_restated, web.sessions_closed, analytics.day_runs
-- Columns: restated_session
-- Column is_restated: True if a restatement of its day wrote it.
-- Rules:   sessions.gap_minutes
-- Owner:   analytics
WITH days AS (
    SELECT site_id, local_date, run_id, is_open FROM lake.analytics.day_runs
),
restated AS (
    SELECT session.*, true AS is_restated
    FROM lake.web.sessions_restated AS session
    JOIN days
        ON days.site_id = session.site_id
        AND days.local_date = session.started_date
        AND days.run_id = session.run_id
),
live_versions AS (
    SELECT
        closed.*, false AS is_open, false AS is_restated,
        row_number() OVER (
            PARTITION BY closed.site_id, closed.session_id
            ORDER BY closed.run_id DESC, closed.emitted_at DESC
        ) AS version
    FROM lake.web.sessions_closed AS closed
    LEFT JOIN days ON days.site_id = closed.site_id AND days.local_date = closed.started_date
    -- An open day was read before it ended: what came after is live.
    WHERE days.run_id IS NULL OR days.is_open
),
live_visitors AS (
    SELECT
        *,
        array_agg(ROW(run_id, started_at, ended_at)) OVER (
            PARTITION BY site_id, visitor_id
        ) AS told
    FROM live_versions
    WHERE version = 1
),
live AS (
    SELECT told_session.*
    FROM live_visitors AS told_session
    -- A job that started anew may cut a session elsewhere: its word counts.
    WHERE NOT any_match(
            told,
            newer -> newer[1] > told_session.run_id
                AND newer[2] <= told_session.ended_at
                AND newer[3] >= told_session.started_at
        )
        -- A late event may have moved its start into a day that is restated: never twice.
        AND NOT EXISTS (
            SELECT 1
            FROM restated
            WHERE restated.site_id = told_session.site_id
                AND restated.visitor_id = told_session.visitor_id
                AND restated.started_at
                    <= told_session.ended_at + INTERVAL '${session_gap_minutes}' MINUTE
                AND restated.ended_at + INTERVAL '${session_gap_minutes}' MINUTE
                    >= told_session.started_at
        )
),
sessions AS (
    SELECT ${session_columns}, is_restated FROM restated
    UNION ALL
    SELECT ${session_columns}, is_restated FROM live
)
SELECT ${session_columns}, is_restated FROM sessions
