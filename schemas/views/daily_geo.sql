-- One row = one place from which sessions came on a local day of a site, as its counting restatement found them.
-- In:      web.daily_geo, analytics.day_runs
-- Columns: daily_geo, day_run
-- Day:     local_date
-- Owner:   analytics
WITH counting_days AS (
    SELECT ${daily_geo_columns}, is_open
    FROM (
        SELECT total.*, day.is_open
        FROM lake.web.daily_geo AS total
        JOIN lake.analytics.day_runs AS day
            ON day.site_id = total.site_id
            AND day.local_date = total.local_date
            AND day.run_id = total.run_id
    )
)
SELECT ${daily_geo_columns}, is_open FROM counting_days
