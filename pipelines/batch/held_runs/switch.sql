-- One row = one site-day and the run that counts from now on: one commit for all days of the run.
-- In:     web.held_runs
-- Owner:  analytics
INSERT INTO lake.web.day_runs
    (site_id, local_date, run_id, committed_at, offsets, reason, is_open, definitions)
SELECT site_id, local_date, run_id, :committed_at, offsets, reason, is_open, definitions
FROM lake.web.held_runs
WHERE site_id = :site_id AND run_id = :run_id
