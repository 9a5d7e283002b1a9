-- One row = one site-day and the restatement that counts for it: the one switched to last.
-- In:      web.day_runs
-- Columns: day_run
-- Day:     local_date
-- Owner:   analytics
WITH newest_runs AS (
    SELECT
        site_id, local_date,
        max_by(run_id, ROW(committed_at, run_id)) AS run_id,
        max(committed_at) AS committed_at,
        max_by(offsets, ROW(committed_at, run_id)) AS offsets,
        max_by(reason, ROW(committed_at, run_id)) AS reason,
        max_by(is_open, ROW(committed_at, run_id)) AS is_open,
        max_by(definitions, ROW(committed_at, run_id)) AS definitions
    FROM lake.web.day_runs
    GROUP BY site_id, local_date
)
SELECT site_id, local_date, run_id, committed_at, offsets, reason, is_open, definitions
FROM newest_runs
