-- One row = the record at one place of a topic, with its payload; of a topic made anew, the newest.
-- In:    web.dead_letters
-- Owner: data-engineering
SELECT appended_at, reason, field, payload
FROM lake.web.dead_letters
WHERE topic_name = ? AND topic_partition = ? AND topic_offset = ?
ORDER BY appended_at DESC
LIMIT 1
