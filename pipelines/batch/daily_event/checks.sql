-- One row = what the events of a run look like by their names.
-- In:     web.daily_event
-- Owner:  analytics
SELECT
    count(*) - count(DISTINCT ROW(local_date, event_name)) AS repeated_name_count,
    count_if(
        greatest(late_event_count, bot_event_count, flood_event_count, visitor_count) > event_count
    ) AS impossible_share_count
FROM lake.web.daily_event
WHERE site_id = :site_id AND run_id = :run_id
