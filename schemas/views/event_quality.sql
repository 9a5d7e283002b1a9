-- One row = the events of one name on a closed day, or their absence, beside what is usual on that weekday.
-- In:      analytics.daily_event, analytics.quality_days
-- Columns: daily_event
-- Column usual_event_count: Events of that name on the earlier days, on average; null if too few days are known.
-- Column late_share: Share of the events that arrived late.
-- Column bot_share: Share of the events that bots sent.
-- Column surplus_share: Share of surplus copies among all that was kept.
-- Day:     local_date
-- Owner:   analytics
WITH known_days AS (
    SELECT site_id, local_date, past_date, past_day_count
    FROM lake.analytics.quality_days
    WHERE is_known
),
counts AS (
    SELECT
        site_id, local_date, event_name, event_count, late_event_count, bot_event_count,
        surplus_event_count, 0 AS usual_event_count
    FROM lake.analytics.daily_event
    WHERE NOT is_open
    UNION ALL
    SELECT
        day.site_id, day.local_date, past.event_name, 0, 0, 0, 0,
        CAST(past.event_count AS double) / day.past_day_count
    FROM known_days AS day
    JOIN lake.analytics.daily_event AS past
        ON past.site_id = day.site_id AND past.local_date = day.past_date
),
sums AS (
    SELECT
        site_id, local_date, event_name, sum(event_count) AS event_count,
        sum(late_event_count) AS late_event_count, sum(bot_event_count) AS bot_event_count,
        sum(surplus_event_count) AS surplus_event_count,
        sum(usual_event_count) AS usual_event_count
    FROM counts
    GROUP BY site_id, local_date, event_name
),
known AS (SELECT DISTINCT site_id, local_date FROM known_days)
SELECT
    sums.site_id, sums.local_date, sums.event_name, sums.event_count,
    if(known.site_id IS NOT NULL, sums.usual_event_count) AS usual_event_count,
    CAST(late_event_count AS double) / nullif(event_count, 0) AS late_share,
    CAST(bot_event_count AS double) / nullif(event_count, 0) AS bot_share,
    CAST(surplus_event_count AS double)
        / nullif(event_count + surplus_event_count, 0) AS surplus_share
FROM sums
LEFT JOIN known ON known.site_id = sums.site_id AND known.local_date = sums.local_date
