-- One row = a closed day of a site and an earlier one of the same weekday that it is held against.
-- In:      analytics.day_runs
-- Rules:   quality.weeks, quality.min_weeks
-- Columns: day_run
-- Column past_date: Local day, whole weeks before, that was restated and closed, too.
-- Column past_day_count: Such earlier days in all.
-- Column is_known: Whether they are enough to say what is usual.
-- Day:     local_date
-- Owner:   analytics
WITH days AS (SELECT site_id, local_date FROM lake.analytics.day_runs WHERE NOT is_open),
past_days AS (
    SELECT
        day.site_id, day.local_date, past.local_date AS past_date,
        count(*) OVER (PARTITION BY day.site_id, day.local_date) AS past_day_count
    FROM days AS day
    CROSS JOIN unnest(sequence(1, ${quality_weeks})) AS weeks (week_count)
    JOIN days AS past
        ON past.site_id = day.site_id
        AND past.local_date = date_add('day', -7 * week_count, day.local_date)
)
SELECT
    site_id, local_date, past_date, past_day_count, past_day_count >= ${quality_min_weeks} AS is_known
FROM past_days
