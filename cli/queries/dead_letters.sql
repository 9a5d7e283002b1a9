-- One row = one record that could not be read, without its payload, newest first.
-- In:    web.dead_letters
-- Owner: data-engineering
SELECT
    appended_at, topic_name AS topic, topic_partition AS partition, topic_offset AS "offset",
    reason, field, length(payload) AS payload_characters
FROM lake.web.dead_letters
ORDER BY appended_at DESC, topic_offset DESC
LIMIT ?
