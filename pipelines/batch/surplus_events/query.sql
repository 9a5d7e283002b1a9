-- One row = one copy of an event that is not the one that counts: all but the smallest by
-- (received_at, topic id, partition, offset). Once surplus, always surplus: rows only come.
-- In:     web.events as of the restatement's snapshot
-- Rules:  delivery.max_age_hours (how far apart two copies may lie)
-- Owner:  analytics
INSERT INTO lake.web.surplus_events
    (site_id, event_id, event_at, topic_id, topic_partition, topic_offset, run_id)
WITH copies AS (
    SELECT
        site_id, event_id, event_at, topic_id, topic_partition, topic_offset,
        row_number() OVER (
            PARTITION BY event_id
            ORDER BY received_at, topic_id, topic_partition, topic_offset
        ) AS copy_number
    FROM lake.web.events FOR VERSION AS OF ${events_snapshot}
    WHERE site_id = :site_id
        AND event_at >= :read_from - INTERVAL '${max_age_hours}' HOUR
        AND event_at < :read_until + INTERVAL '${max_age_hours}' HOUR
),
new_surplus AS (
    SELECT
        copies.site_id, copies.event_id, copies.event_at, copies.topic_id,
        copies.topic_partition, copies.topic_offset, :run_id AS run_id
    FROM copies
    WHERE copies.copy_number > 1
        AND NOT EXISTS (
            SELECT 1
            FROM lake.web.surplus_events AS known
            WHERE known.site_id = :site_id
                AND known.topic_id = copies.topic_id
                AND known.topic_partition = copies.topic_partition
                AND known.topic_offset = copies.topic_offset
        )
)
SELECT site_id, event_id, event_at, topic_id, topic_partition, topic_offset, run_id
FROM new_surplus
