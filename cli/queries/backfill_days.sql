-- One row = one local day of a site that has events, or a run that counts for it.
-- In:    web.events, analytics.day_runs
-- Out:   ?: zone, site, from and until (a day around, for any zone), site, first and last day
-- Owner: data-engineering
WITH event_days AS (
    SELECT CAST(at_timezone(event_at, ?) AS date) AS local_date, count(*) AS events
    FROM lake.web.events
    WHERE site_id = ? AND record_kind = 'event' AND event_at >= ? AND event_at < ?
    GROUP BY 1
),
runs AS (SELECT local_date, run_id, definitions FROM lake.analytics.day_runs WHERE site_id = ?)
SELECT
    coalesce(event_days.local_date, runs.local_date) AS local_date,
    coalesce(event_days.events, 0) AS events,
    runs.run_id IS NOT NULL AS has_run,
    runs.definitions
FROM event_days
FULL JOIN runs ON runs.local_date = event_days.local_date
WHERE coalesce(event_days.local_date, runs.local_date) BETWEEN ? AND ?
ORDER BY local_date
