-- One row = what the tables say of the last while: dead letters, events, late ones, and their age.
-- In:    web.dead_letters, web.events, web.stream_progress; the bound on event_at prunes files
-- Rules: alerts.window_minutes (first two parameters), delivery.max_age_hours (third)
-- Owner: data-engineering
WITH read_up_to AS (
    SELECT topic_id, topic_partition, max(appended_at) AS appended_at
    FROM lake.web.stream_progress
    WHERE topic_name = 'events'
    GROUP BY topic_id, topic_partition
),
-- A topic made anew has another id; the partitions of its predecessor get nothing any more.
newest_topic AS (SELECT max_by(topic_id, appended_at) AS topic_id FROM read_up_to),
behind AS (
    SELECT date_diff('second', min(appended_at), current_timestamp) AS behind_s
    FROM read_up_to
    WHERE topic_id = (SELECT topic_id FROM newest_topic)
),
-- Of many letters in a minute samples are kept, with their numbers.
unread_minutes AS (
    SELECT greatest(count(*), coalesce(max(letter_number), 0)) AS dead_letters
    FROM lake.web.dead_letters
    WHERE appended_at > current_timestamp - ? * INTERVAL '1' MINUTE
    GROUP BY topic_id, topic_partition, reason, date_trunc('minute', appended_at)
),
unread AS (SELECT coalesce(sum(dead_letters), 0) AS dead_letters FROM unread_minutes),
taken AS (
    SELECT count(*) AS events, count_if(is_late) AS late_events
    FROM lake.web.events
    WHERE
        appended_at > current_timestamp - ? * INTERVAL '1' MINUTE
        AND event_at > current_timestamp - ? * INTERVAL '1' HOUR
        AND sender <> 'import'
)
SELECT unread.dead_letters, taken.events, taken.late_events, behind.behind_s
FROM unread
CROSS JOIN taken
CROSS JOIN behind
