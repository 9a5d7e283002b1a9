-- One row = one event: the first copy to arrive.
-- In:     topics events, imported-events (arrivals), rejected-events (refusals), recording-chunks (chunks), all as bytes (letters)
-- Out:    tables events, identities, rejected_events, recording_chunks, dead_letters, stream_progress; topic unique-events
-- Rules:  delivery.duplicate_window_hours (state TTL), late_seconds, progress_seconds
-- Owner:  data-engineering

-- Every record with its place; missing_field says why it cannot be used, NULL if it can.
CREATE TEMPORARY VIEW placed AS
SELECT
    record_key,
${event_names},
    topic_name,
    ${topic_ids} AS topic_id,
    topic_partition,
    topic_offset,
    EXTRACT(EPOCH FROM appended_time) * 1000 + EXTRACT(MILLISECOND FROM appended_time) AS appended_at,
    seen_at,
    CASE record_kind WHEN 'heartbeat' THEN ${heartbeat_missing} ELSE ${event_missing} END AS missing_field
FROM arrivals;

-- First copies, late or not. Lateness is a function of the record: the same for whoever reads again.
CREATE TEMPORARY VIEW first_copies AS
WITH copies AS (
    SELECT *, ROW_NUMBER() OVER (
        PARTITION BY site_id, event_id
        -- TRICKY: seen_at is PROCTIME(). By event time Flink would silently drop a late first copy.
        ORDER BY seen_at
    ) AS copy_number
    FROM placed
    WHERE missing_field IS NULL
)
SELECT
    record_key,
${unique_names},
    topic_name,
    record_kind = 'event'
        AND (topic_name = 'imported-events' OR appended_at - event_at > ${late_seconds} * 1000) AS is_late
FROM copies
WHERE copy_number = 1;

-- TRICKY: the marks stand above the duplicate removal, which must see the older copies again.
INSERT INTO lake.web.events
SELECT
${unique_row_values},
    is_late
FROM first_copies
WHERE record_kind = 'event' AND topic_offset > ${events_mark};

-- Who said who they are, late or not: identities.sql.
INSERT INTO lake.web.identities
${identities};

INSERT INTO unique_events
SELECT
    record_key,
${unique_text_values},
    MAP['schema', ENCODE(CASE record_kind WHEN 'event' THEN '${unique_header}' ELSE '${heartbeat_header}' END, 'UTF-8')]
FROM first_copies
WHERE NOT is_late AND topic_offset > ${unique_events_mark};

-- How far this job has read; the closing of days and the next start rely on it.
INSERT INTO lake.web.stream_progress (topic_id, topic_partition, topic_offset, appended_at, emitted_at, topic_name)
WITH windows AS (
    SELECT topic_id, topic_partition, topic_name, window_end,
        MAX(topic_offset) AS topic_offset, MAX(appended_at) AS appended_at
    FROM TABLE(TUMBLE(TABLE placed, DESCRIPTOR(seen_at), INTERVAL '${progress_seconds}' SECOND))
    GROUP BY window_start, window_end, topic_id, topic_partition, topic_name
)
SELECT topic_id, topic_partition, topic_offset, CAST(TO_TIMESTAMP_LTZ(appended_at, 3) AS TIMESTAMP_LTZ(6)),
    CAST(window_end AS TIMESTAMP_LTZ(6)), topic_name
FROM windows;

CREATE TEMPORARY VIEW placed_refusals AS
SELECT *, ${topic_ids} AS topic_id, ${rejected_missing} AS missing_field FROM refusals;

INSERT INTO lake.web.rejected_events
SELECT
${rejected_row_values},
    topic_id, topic_partition, topic_offset, CAST(appended_time AS TIMESTAMP_LTZ(6))
FROM placed_refusals
WHERE missing_field IS NULL AND topic_offset > ${rejected_events_mark};

CREATE TEMPORARY VIEW placed_chunks AS
SELECT *, ${topic_ids} AS topic_id, ${chunk_missing} AS missing_field FROM chunks;

-- A chunk that was sent twice is listed twice: the same object, and the view counts it once.
INSERT INTO lake.web.recording_chunks
SELECT
${chunk_row_values},
    topic_id, topic_partition, topic_offset, CAST(appended_time AS TIMESTAMP_LTZ(6))
FROM placed_chunks
WHERE missing_field IS NULL AND topic_offset > ${recording_chunks_mark};

-- Two readers of the same topics are never at the same place: each reason has its own marks.
-- A producer that sends nothing else fills no disk: samples are kept, and numbered.
INSERT INTO lake.web.dead_letters
WITH not_json AS (
    SELECT topic_name, topic_partition, topic_offset, CAST(appended_time AS TIMESTAMP_LTZ(6)) AS appended_at,
        'not_json' AS reason, CAST(NULL AS STRING) AS field, COALESCE(DECODE(content, 'UTF-8'), '') AS payload
    FROM letters
    WHERE topic_offset > ${not_json_mark}
        AND (
            COALESCE(DECODE(content, 'UTF-8'), '') IS NOT JSON OBJECT
            -- A byte that is no UTF-8 is replaced by DECODE and refused by the JSON reader.
            OR ENCODE(DECODE(content, 'UTF-8'), 'UTF-8') <> content
        )
),
unusable_events AS (
    SELECT topic_name, topic_partition, topic_offset,
        CAST(TO_TIMESTAMP_LTZ(appended_at, 3) AS TIMESTAMP_LTZ(6)) AS appended_at,
        'missing_field' AS reason, missing_field AS field, ${event_json} AS payload
    FROM placed
    WHERE missing_field IS NOT NULL AND topic_offset > ${missing_field_mark}
),
unusable_refusals AS (
    SELECT topic_name, topic_partition, topic_offset, CAST(appended_time AS TIMESTAMP_LTZ(6)) AS appended_at,
        'missing_field' AS reason, missing_field AS field, ${rejected_json} AS payload
    FROM placed_refusals
    WHERE missing_field IS NOT NULL AND topic_offset > ${missing_field_mark}
),
unusable_chunks AS (
    SELECT topic_name, topic_partition, topic_offset, CAST(appended_time AS TIMESTAMP_LTZ(6)) AS appended_at,
        'missing_field' AS reason, missing_field AS field, ${chunk_json} AS payload
    FROM placed_chunks
    WHERE missing_field IS NOT NULL AND topic_offset > ${missing_field_mark}
),
unread AS (
    SELECT * FROM not_json UNION ALL SELECT * FROM unusable_events
    UNION ALL SELECT * FROM unusable_refusals UNION ALL SELECT * FROM unusable_chunks
),
numbered AS (
    SELECT *, COUNT(*) OVER (
        PARTITION BY topic_name, topic_partition, reason, FLOOR(appended_at TO MINUTE)
        ORDER BY seen_at
    ) AS letter_number
    FROM (SELECT *, PROCTIME() AS seen_at FROM unread)
)
SELECT topic_name, ${topic_ids}, topic_partition, topic_offset, appended_at, reason, field,
    SUBSTRING(payload, 1, ${dead_letter_max_bytes}), letter_number
FROM numbered
WHERE letter_number <= ${dead_letters_a_minute} OR MOD(letter_number, ${dead_letter_step}) = 0;
