-- One row = the newest append time that collect_events has passed in one partition of `events`.
-- In:     web.stream_progress
-- Owner:  analytics
WITH newest_topic AS (
    -- A topic made anew has a new id; the one heard of last is the one that lives.
    SELECT max_by(topic_id, emitted_at) AS topic_id
    FROM lake.web.stream_progress
    WHERE topic_name = 'events'
),
partitions AS (
    SELECT topic_partition, max(appended_at) AS appended_at
    FROM lake.web.stream_progress
    WHERE topic_name = 'events' AND topic_id = (SELECT topic_id FROM newest_topic)
    GROUP BY topic_partition
)
SELECT topic_partition, appended_at FROM partitions
