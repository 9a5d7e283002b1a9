-- One row = something in the events of a closed day that somebody should look at.
-- In:      analytics.event_quality, analytics.property_quality
-- Rules:   quality.*
-- Columns: daily_property
-- Column property_name: Property it is about, a column of events or a key in properties; null if it is about the events.
-- Column finding: event_new, event_vanished, volume_low, volume_high, late, surplus, bots; property_new, property_vanished, property_rarer, property_more_frequent.
-- Column found: Number of events, or a share of them, as the day has it.
-- Column usual: The same on earlier days of that weekday; for late, surplus and bots the limit.
-- Day:     local_date
-- Owner:   analytics
WITH events AS (
    SELECT
        site_id, local_date, event_name, CAST(NULL AS varchar) AS property_name,
        coalesce(usual_event_count, event_count) AS usual_event_count, event_count, late_share,
        surplus_share, bot_share
    FROM lake.analytics.event_quality
    WHERE greatest(event_count, coalesce(usual_event_count, 0)) >= ${quality_min_events}
),
volumes AS (
    SELECT
        site_id, local_date, event_name, property_name,
        CASE
            WHEN event_count = 0 THEN 'event_vanished'
            WHEN usual_event_count = 0 THEN 'event_new'
            WHEN event_count < ${quality_low_volume} * usual_event_count THEN 'volume_low'
            WHEN event_count > ${quality_high_volume} * usual_event_count THEN 'volume_high'
        END AS finding,
        CAST(event_count AS double) AS found, usual_event_count AS usual
    FROM events
),
limits AS (
    SELECT events.site_id, local_date, event_name, property_name, finding, found, usual
    FROM events
    CROSS JOIN unnest(
        ARRAY['late', 'surplus', 'bots'], ARRAY[late_share, surplus_share, bot_share],
        ARRAY[${quality_late_share}, ${quality_surplus_share}, ${quality_bot_share}]
    ) AS share (finding, found, usual)
    WHERE event_count >= ${quality_min_events} AND found > usual
),
properties AS (
    SELECT
        site_id, local_date, event_name, property_name,
        CASE
            WHEN usual_filled_share = 0 AND filled_share >= ${quality_property_share}
                THEN 'property_new'
            WHEN filled_share = 0 AND usual_filled_share >= ${quality_property_share}
                THEN 'property_vanished'
            WHEN filled_share <= usual_filled_share - ${quality_share_change} THEN 'property_rarer'
            WHEN filled_share >= usual_filled_share + ${quality_share_change}
                THEN 'property_more_frequent'
        END AS finding,
        filled_share AS found, usual_filled_share AS usual
    FROM lake.analytics.property_quality
    WHERE least(event_count, usual_event_count) >= ${quality_min_events}
)
SELECT site_id, local_date, event_name, property_name, finding, found, usual
FROM volumes
WHERE finding IS NOT NULL
UNION ALL
SELECT site_id, local_date, event_name, property_name, finding, found, CAST(usual AS double)
FROM limits
UNION ALL
SELECT site_id, local_date, event_name, property_name, finding, found, usual
FROM properties
WHERE finding IS NOT NULL
