-- One row = one row of a run that counts for its day no more, or never did.
-- In:     a table of restated days, web.day_runs, analytics.day_runs
-- Out:    the same table without it
-- Rules:  delivery.superseded_run_minutes (bound as :keep_from)
-- Owner:  data-engineering
DELETE FROM lake.web.${table}
WHERE NOT EXISTS (
    SELECT 1
    FROM lake.analytics.day_runs AS counting
    WHERE counting.site_id = ${table}.site_id
        AND counting.local_date = ${table}.${date_column}
        AND counting.run_id = ${table}.run_id
)
-- A reader may still hold what was switched a moment ago.
AND NOT EXISTS (
    SELECT 1
    FROM lake.web.day_runs AS recent
    WHERE recent.site_id = ${table}.site_id
        AND recent.local_date = ${table}.${date_column}
        AND recent.committed_at > :keep_from
)
-- Run ids sort by time. A run that was never switched to may still be at work: for a day.
AND (
    ${table}.run_id < :oldest_at_work
    OR ${table}.run_id IN (SELECT switched.run_id FROM lake.web.day_runs AS switched)
)
