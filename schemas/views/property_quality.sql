-- One row = a property of the events of one name on a closed day, or its absence, beside what is usual on that weekday.
-- In:      analytics.daily_property, analytics.event_quality, analytics.quality_days
-- Columns: daily_property
-- Column event_count: Events of that name on the day.
-- Column usual_event_count: Events of that name on the earlier days, on average; null if too few days are known.
-- Column filled_share: Share of the events in which the property is not null; null without events.
-- Column usual_filled_share: The same of the earlier days; null if they had no such events, or are too few.
-- Day:     local_date
-- Owner:   analytics
WITH counts AS (
    SELECT
        site_id, local_date, event_name, property_name, is_column,
        event_count AS filled_count, 0 AS usual_filled_count
    FROM lake.analytics.daily_property
    WHERE NOT is_open
    UNION ALL
    SELECT
        day.site_id, day.local_date, past.event_name, past.property_name, past.is_column, 0,
        CAST(past.event_count AS double) / day.past_day_count
    FROM lake.analytics.quality_days AS day
    JOIN lake.analytics.daily_property AS past
        ON past.site_id = day.site_id AND past.local_date = day.past_date
    WHERE day.is_known
),
sums AS (
    SELECT
        site_id, local_date, event_name, property_name, is_column,
        sum(filled_count) AS filled_count, sum(usual_filled_count) AS usual_filled_count
    FROM counts
    GROUP BY site_id, local_date, event_name, property_name, is_column
)
SELECT
    sums.site_id, sums.local_date, sums.event_name, sums.property_name, sums.is_column,
    event.event_count, event.usual_event_count,
    CAST(sums.filled_count AS double) / nullif(event.event_count, 0) AS filled_share,
    sums.usual_filled_count / nullif(event.usual_event_count, 0) AS usual_filled_share
FROM sums
JOIN lake.analytics.event_quality AS event
    ON event.site_id = sums.site_id
    AND event.local_date = sums.local_date
    AND event.event_name = sums.event_name
