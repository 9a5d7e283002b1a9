-- One row = the days of a site that were restated with the same definitions.
-- In:    analytics.day_runs
-- Out:   ?: site or null for all, twice
-- Owner: data-engineering
SELECT
    site_id, definitions, count(*) AS days, min(local_date) AS first_date,
    max(local_date) AS last_date
FROM lake.analytics.day_runs
WHERE CAST(? AS varchar) IS NULL OR site_id = ?
GROUP BY site_id, definitions
ORDER BY site_id, first_date
