-- One row = one session of a restated day, seen as a step towards a conversion.
-- In:      web.touchpoints, analytics.day_runs
-- Columns: touchpoint
-- Owner:   analytics
WITH counting_touches AS (
    SELECT touch.*
    FROM lake.web.touchpoints AS touch
    JOIN lake.analytics.day_runs AS day
        ON day.site_id = touch.site_id
        AND day.local_date = touch.local_date
        AND day.run_id = touch.run_id
)
SELECT ${touchpoint_columns} FROM counting_touches
