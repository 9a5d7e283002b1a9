-- One row = the days of a site that were restated with the same definitions.
-- In:    analytics.day_runs
-- Out:   ?: site or null for all, twice
-- Owner: data-engineering
SELECT site_id, definitions, array_agg(local_date ORDER BY local_date) AS dates
FROM lake.analytics.day_runs
WHERE CAST(? AS varchar) IS NULL OR site_id = ?
GROUP BY site_id, definitions
ORDER BY site_id, min(local_date)
