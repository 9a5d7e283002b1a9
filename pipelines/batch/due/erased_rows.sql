-- One row = one restated day with events of somebody who was erased, which its run may have counted.
-- Joins, so that no event is read where nobody was erased.
-- In:     analytics.erasures, `event_rows` and `runs` of days.sql
-- Owner:  analytics
SELECT DISTINCT runs.site_id, runs.local_date
FROM (
    SELECT event.site_id, event.local_date, erased.settled_at
    FROM event_rows AS event
    JOIN lake.analytics.erasures AS erased
        ON erased.site_id = event.site_id
        AND erased.visitor_id = event.visitor_id
        AND erased.topic_id = event.topic_id
        AND erased.topic_partition = event.topic_partition
        AND erased.until_offset >= event.topic_offset
    UNION ALL
    SELECT event.site_id, event.local_date, erased.settled_at
    FROM event_rows AS event
    JOIN lake.analytics.erasures AS erased
        ON erased.site_id = event.site_id
        AND erased.user_id = event.user_id
        AND erased.topic_id = event.topic_id
        AND erased.topic_partition = event.topic_partition
        AND erased.until_offset >= event.topic_offset
) AS erased_event
JOIN runs
    ON runs.site_id = erased_event.site_id AND runs.local_date = erased_event.local_date
-- Run ids begin with the time at which the run began.
WHERE runs.run_id < format_datetime(
    at_timezone(erased_event.settled_at, 'UTC'), 'yyyyMMdd''T''HHmmss.SSS'
)
