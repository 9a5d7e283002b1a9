-- One row = one site-day and the run that counts from now on: one commit for all days of a run.
-- In:     web.sessions_restated
-- Owner:  analytics
INSERT INTO lake.web.${runs_table}
    (site_id, local_date, run_id, committed_at, offsets, reason, is_open, definitions)
WITH days AS (
    SELECT local_date, may_be_open, is_past, definitions
    FROM unnest(
        CAST(:dates AS array(date)), CAST(:may_stay_open AS array(boolean)),
        CAST(:is_closed AS array(boolean)), CAST(:definitions AS array(varchar))
    ) AS day (local_date, may_be_open, is_past, definitions)
),
open_days AS (
    SELECT DISTINCT started_date AS local_date
    FROM lake.web.sessions_restated
    WHERE site_id = :site_id AND run_id = :run_id AND is_open
),
day_runs AS (
    SELECT
        :site_id AS site_id, days.local_date, :run_id AS run_id, :committed_at AS committed_at,
        :offsets AS offsets, :reason AS reason,
        NOT days.is_past OR (days.may_be_open AND open_days.local_date IS NOT NULL) AS is_open,
        days.definitions
    FROM days
    LEFT JOIN open_days ON open_days.local_date = days.local_date
)
SELECT site_id, local_date, run_id, committed_at, offsets, reason, is_open, definitions FROM day_runs
