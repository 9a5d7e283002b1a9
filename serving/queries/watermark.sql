-- One row = the moment up to which every event is in the tables; null before the first one.
-- In:     web.stream_progress
-- Owner:  analytics
WITH newest_topic AS (
    -- A topic made anew has a new id; the one heard of last is the one that lives.
    SELECT max_by(topic_id, emitted_at) AS topic_id
    FROM web.stream_progress
    WHERE topic_name = 'events'
),
partitions AS (
    SELECT max(appended_at) AS appended_at
    FROM web.stream_progress
    WHERE topic_name = 'events' AND topic_id = (SELECT topic_id FROM newest_topic)
    GROUP BY topic_partition
),
watermark AS (SELECT min(appended_at) AS as_of FROM partitions)
SELECT as_of FROM watermark
