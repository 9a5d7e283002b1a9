-- One row = one burst of clicks, or one form, that went wrong in one way, counted once: as restated,
-- or as the stream tells it for a day that may still change.
-- In:      web.friction_restated, web.friction_live, analytics.day_runs, analytics.erasures
-- Columns: friction
-- Column is_restated: True if a restatement of its day wrote it.
-- Day:     started_date
-- Owner:   analytics
WITH settled_days AS (
    -- A run made before friction was restated says nothing of it.
    SELECT site_id, local_date, run_id
    FROM lake.analytics.day_runs
    WHERE NOT is_open AND json_extract_scalar(definitions, '$$.friction_restated') IS NOT NULL
),
restated AS (
    SELECT friction.*, true AS is_restated
    FROM lake.web.friction_restated AS friction
    JOIN settled_days AS day
        ON day.site_id = friction.site_id
        AND day.local_date = friction.started_date
        AND day.run_id = friction.run_id
),
versions AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY site_id, kind, event_id ORDER BY run_id DESC, emitted_at DESC
        ) AS version
    FROM lake.web.friction_live
),
told AS (
    SELECT
        *, false AS is_restated,
        array_agg(ROW(run_id, event_at, last_at)) OVER (
            PARTITION BY site_id, visitor_id, kind, target, started_date
        ) AS runs
    FROM versions
    WHERE version = 1
),
live AS (
    SELECT told.*
    FROM told
    -- A job that started anew under other rules may cut a burst elsewhere: its word counts.
    WHERE NOT any_match(
            runs,
            newer -> newer[1] > told.run_id
                AND newer[2] <= told.last_at
                AND newer[3] >= told.event_at
        )
        AND NOT EXISTS (
            SELECT 1
            FROM settled_days AS day
            WHERE day.site_id = told.site_id AND day.local_date = told.started_date
        )
        -- A late event may have moved its beginning to a day that is restated: never twice.
        AND NOT EXISTS (
            SELECT 1
            FROM restated
            WHERE restated.site_id = told.site_id
                AND restated.visitor_id = told.visitor_id
                AND restated.kind = told.kind
                AND restated.target IS NOT DISTINCT FROM told.target
                AND restated.event_at <= told.last_at
                AND restated.last_at >= told.event_at
        )
),
friction AS (
    SELECT ${friction_columns}, is_restated FROM restated
    UNION ALL
    SELECT ${friction_columns}, is_restated FROM live
),
kept_friction AS (
    SELECT *
    FROM friction
    WHERE NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = friction.site_id AND erased.visitor_id = friction.visitor_id
        )
        AND NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = friction.site_id AND erased.user_id = friction.user_id
        )
)
SELECT ${friction_columns}, is_restated FROM kept_friction
