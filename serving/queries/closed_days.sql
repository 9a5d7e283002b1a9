-- One row = a closed local day of the site and the run that counts for it.
-- In:     analytics.day_runs
-- Owner:  analytics
WITH closed_days AS (
    SELECT local_date, run_id FROM analytics.day_runs WHERE site_id = ? AND NOT is_open
)
SELECT local_date, run_id FROM closed_days
