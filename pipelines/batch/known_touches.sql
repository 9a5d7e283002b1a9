-- One row = one touch of the site that counts for a run: its own on the days it restates, those of
-- the run that counts on the days before.
-- In:     web.touchpoints, analytics.day_runs
-- Owner:  analytics
SELECT touch.*
FROM lake.web.touchpoints AS touch
LEFT JOIN lake.analytics.day_runs AS day
    ON day.site_id = touch.site_id
    AND day.local_date = touch.local_date
    AND day.run_id = touch.run_id
WHERE touch.site_id = :site_id
    AND touch.local_date BETWEEN :touches_from AND :last_date
    AND (
        touch.run_id = :run_id
        OR (day.run_id IS NOT NULL AND NOT contains(:dates, touch.local_date))
    )
