-- One row = one visitor, or user, to forget up to the newest offset that anybody knows of a partition.
-- In:     web.events, web.stream_progress, the ends of topics as the caller knows them
-- Owner:  analytics
INSERT INTO lake.web.erasures (
    erasure_id, site_id, visitor_id, user_id, topic_id, topic_partition, until_offset,
    requested_at, settled_at
)
WITH persons AS (
    -- The shorter list is filled up with nulls.
    SELECT visitor_id, user_id
    FROM unnest(CAST(:visitors AS array(varchar)), CAST(:users AS array(varchar)))
        AS person (visitor_id, user_id)
),
known_ends AS (
    SELECT topic_id, topic_partition, topic_offset FROM lake.web.stream_progress
    UNION ALL
    SELECT topic_id, topic_partition, topic_offset
    FROM unnest(
        CAST(:topic_ids AS array(varchar)), CAST(:topic_partitions AS array(integer)),
        CAST(:topic_offsets AS array(bigint))
    ) AS told (topic_id, topic_partition, topic_offset)
    UNION ALL
    -- Topics that are no more.
    SELECT topic_id, topic_partition, topic_offset
    FROM lake.web.events
    WHERE site_id = :site_id
        AND (
            contains(CAST(:visitors AS array(varchar)), visitor_id)
            OR contains(CAST(:user_ids AS array(varchar)), user_id)
        )
),
ends AS (
    SELECT topic_id, topic_partition, max(topic_offset) AS until_offset
    FROM known_ends
    GROUP BY topic_id, topic_partition
),
erasures AS (
    SELECT
        CAST(:erasure_id AS bigint) AS erasure_id, :site_id AS site_id, persons.visitor_id,
        persons.user_id, ends.topic_id, ends.topic_partition, ends.until_offset,
        CAST(:requested_at AS timestamp(6) with time zone) AS requested_at,
        CAST(:settled_at AS timestamp(6) with time zone) AS settled_at
    FROM persons
    CROSS JOIN ends
)
SELECT
    erasure_id, site_id, visitor_id, user_id, topic_id, topic_partition, until_offset,
    requested_at, settled_at
FROM erasures
