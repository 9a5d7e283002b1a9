-- One row = one webhook of a restated day, with its body; surplus copies are left out.
-- In:     web.events as of the restatement's snapshot, web.surplus_events
-- Owner:  analytics
SELECT
    event.event_id, coalesce(event.library_name, 'unknown') AS vendor, event.properties AS body,
    CAST(at_timezone(event.event_at, :zone) AS date) AS local_date, event.event_at
FROM lake.web.events FOR VERSION AS OF ${events_snapshot} AS event
WHERE event.site_id = :site_id
    AND event.event_at >= :read_from
    AND event.event_at < :read_until
    AND event.record_kind = 'event'
    AND event.sender = 'webhook'
    AND contains(:dates, CAST(at_timezone(event.event_at, :zone) AS date))
    AND NOT EXISTS (
        SELECT 1
        FROM lake.web.surplus_events AS surplus
        WHERE surplus.site_id = :site_id
            AND surplus.topic_id = event.topic_id
            AND surplus.topic_partition = event.topic_partition
            AND surplus.topic_offset = event.topic_offset
    )
