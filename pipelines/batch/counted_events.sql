-- One row = one event of the site in the time read, without surplus copies, webhooks
-- and erased persons.
-- In:     web.events as of the restatement's snapshot, web.surplus_events,
--         analytics.erasures
-- Rules:  sessions.session_senders
-- Owner:  analytics
SELECT
    event.*,
    CAST(at_timezone(event.event_at, :zone) AS date) AS local_date,
    -- Ties are decided by this and by nothing else, in the stream and here.
    ROW(
        event.event_at, coalesce(event.seq, -1), event.topic_offset,
        event.topic_id, event.topic_partition
    ) AS place,
    event.visitor_id IS NOT NULL
        AND event.sender IN (${session_senders})
        AND NOT event.is_flood AS makes_session
FROM lake.web.events FOR VERSION AS OF ${events_snapshot} AS event
LEFT JOIN lake.analytics.erasures AS of_visitor
    ON of_visitor.site_id = event.site_id
    AND of_visitor.visitor_id = event.visitor_id
    AND of_visitor.topic_id = event.topic_id
    AND of_visitor.topic_partition = event.topic_partition
LEFT JOIN lake.analytics.erasures AS of_user
    ON of_user.site_id = event.site_id
    AND of_user.user_id = event.user_id
    AND of_user.topic_id = event.topic_id
    AND of_user.topic_partition = event.topic_partition
WHERE event.site_id = :site_id
    AND event.event_at >= :read_from
    AND event.event_at < :read_until
    AND event.record_kind = 'event'
    AND event.sender <> 'webhook'
    AND event.topic_offset
        > greatest(coalesce(of_visitor.until_offset, -1), coalesce(of_user.until_offset, -1))
    AND NOT EXISTS (
        SELECT 1
        FROM lake.web.surplus_events AS surplus
        WHERE surplus.site_id = :site_id
            AND surplus.topic_id = event.topic_id
            AND surplus.topic_partition = event.topic_partition
            AND surplus.topic_offset = event.topic_offset
    )
