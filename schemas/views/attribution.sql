-- One row = the credit that one model gives to one touch of a conversion of a restated day.
-- Choose a model: every model gives all of every conversion.
-- In:      web.attribution, analytics.day_runs, analytics.erasures
-- Columns: attribution
-- Day:     local_date
-- Owner:   analytics
WITH counting_credits AS (
    SELECT credit.*
    FROM lake.web.attribution AS credit
    JOIN lake.analytics.day_runs AS day
        ON day.site_id = credit.site_id
        AND day.local_date = credit.local_date
        AND day.run_id = credit.run_id
    WHERE NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = credit.site_id AND erased.visitor_id = credit.visitor_id
        )
)
SELECT ${attribution_columns} FROM counting_credits
