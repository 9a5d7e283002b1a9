-- One row = one session of a restated day, seen as a step towards a conversion.
-- In:      web.touchpoints, analytics.day_runs, analytics.erasures
-- Columns: touchpoint
-- Day:     local_date
-- Owner:   analytics
WITH counting_touches AS (
    SELECT touch.*
    FROM lake.web.touchpoints AS touch
    JOIN lake.analytics.day_runs AS day
        ON day.site_id = touch.site_id
        AND day.local_date = touch.local_date
        AND day.run_id = touch.run_id
    WHERE NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = touch.site_id AND erased.visitor_id = touch.visitor_id
        )
        AND NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = touch.site_id AND erased.user_id = touch.user_id
        )
)
SELECT ${touchpoint_columns} FROM counting_touches
