-- One row = one partition of a topic and the highest offset that a restatement read from it.
-- In:     web.events as of the restatement's snapshot
-- Owner:  analytics
SELECT topic_id, topic_partition, max(topic_offset) AS topic_offset
FROM lake.web.events FOR VERSION AS OF ${events_snapshot}
WHERE site_id = :site_id AND event_at >= :read_from AND event_at < :read_until
GROUP BY topic_id, topic_partition
