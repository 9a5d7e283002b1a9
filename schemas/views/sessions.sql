-- One row = one session, counted once: as restated, or live where its day is not settled, open ones
-- as they stood about a minute ago.
-- In:      web.sessions_restated, web.sessions_closed, web.session_progress, analytics.day_runs, analytics.erasures
-- Columns: restated_session
-- Column is_restated: True if a restatement of its day wrote it.
-- Rules:   sessions.gap_minutes
-- Day:     started_date
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
told AS (
    SELECT ${session_record_columns}, false AS is_open, emitted_at AS told_at
    FROM lake.web.sessions_closed
    UNION ALL
    -- Rows of one moment, made while catching up, differ in what they count.
    SELECT ${session_record_columns}, true AS is_open, counted_until_at AS told_at
    FROM lake.web.session_progress
),
live_versions AS (
    SELECT
        told.*, false AS is_restated,
        -- Closed before open, whichever run says so; then the newer run, then the newer word.
        ROW(NOT told.is_open, told.run_id, told.told_at) AS standing,
        row_number() OVER (
            PARTITION BY told.site_id, told.session_id
            ORDER BY told.is_open, told.run_id DESC, told.told_at DESC
        ) AS version
    FROM told
    LEFT JOIN days ON days.site_id = told.site_id AND days.local_date = told.started_date
    -- An open day was read before it ended: what came after is live.
    WHERE days.run_id IS NULL OR days.is_open
),
live_visitors AS (
    SELECT
        *,
        array_agg(ROW(standing, started_at, ended_at)) OVER (
            PARTITION BY site_id, visitor_id
        ) AS others
    FROM live_versions
    WHERE version = 1
),
live AS (
    SELECT
        told_session.*, CAST(NULL AS bigint) AS order_count, CAST(NULL AS bigint) AS checkout_count,
        CAST(NULL AS bigint) AS form_submit_count, CAST(NULL AS bigint) AS click_count
    FROM live_visitors AS told_session
    -- A job that started anew may cut a session elsewhere: its word counts, once it is the last one.
    WHERE NOT any_match(
            others,
            other -> other[1] > told_session.standing
                AND other[2] <= told_session.ended_at + INTERVAL '${session_gap_minutes}' MINUTE
                AND other[3] + INTERVAL '${session_gap_minutes}' MINUTE >= told_session.started_at
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
),
-- An erased person's sessions are theirs as a whole, until their days are restated without them.
kept_sessions AS (
    SELECT *
    FROM sessions
    WHERE NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = sessions.site_id AND erased.visitor_id = sessions.visitor_id
        )
        AND NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = sessions.site_id AND erased.user_id = sessions.user_id
        )
)
SELECT ${session_columns}, is_restated FROM kept_sessions
