-- One row = what the properties of a run look like.
-- In:     web.daily_property, web.daily_event
-- Owner:  analytics
SELECT
    count(*) - count(
        DISTINCT ROW(property.local_date, property.event_name, property.property_name, is_column)
    ) AS repeated_property_count,
    count_if(
        event.event_count IS NULL OR property.event_count > event.event_count
    ) AS impossible_count
FROM lake.web.daily_property AS property
LEFT JOIN lake.web.daily_event AS event
    ON event.site_id = property.site_id
    AND event.local_date = property.local_date
    AND event.run_id = property.run_id
    AND event.event_name = property.event_name
WHERE property.site_id = :site_id AND property.run_id = :run_id
