-- One row = one burst of clicks, or one form, that went wrong in one way, counted once.
-- In:      web.friction_live
-- Columns: friction
-- Owner:   analytics
WITH versions AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY site_id, kind, event_id ORDER BY run_id DESC, emitted_at DESC
        ) AS version
    FROM lake.web.friction_live
),
told AS (
    SELECT
        *,
        array_agg(ROW(run_id, event_at, last_at)) OVER (
            PARTITION BY site_id, visitor_id, kind, target, started_date
        ) AS runs
    FROM versions
    WHERE version = 1
),
friction AS (
    SELECT ${friction_columns}
    FROM told
    -- A job that started anew under other rules may cut a burst elsewhere: its word counts.
    WHERE NOT any_match(
        runs,
        newer -> newer[1] > told.run_id AND newer[2] <= told.last_at AND newer[3] >= told.event_at
    )
)
SELECT ${friction_columns} FROM friction
