-- One row = one local day for which a table of days has rows that count.
-- In:    the table ${table}, analytics.day_runs
-- Out:   ?: site, first and last day
-- Owner: data-engineering
SELECT DISTINCT kept.${date_column} AS local_date
FROM lake.web.${table} AS kept
JOIN lake.analytics.day_runs AS runs
    ON runs.site_id = kept.site_id
    AND runs.local_date = kept.${date_column}
    AND runs.run_id = kept.run_id
WHERE kept.site_id = ? AND kept.${date_column} BETWEEN ? AND ?
