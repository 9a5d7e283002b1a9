-- The topic as a file: one JSON record a line, in the order of the broker.
CREATE TEMPORARY TABLE pointers (
${pointer_wire},
    appended_at BIGINT,
    event_time AS TO_TIMESTAMP_LTZ(event_at, 3),
    WATERMARK FOR event_time AS TO_TIMESTAMP_LTZ(appended_at, 3) - INTERVAL '${watermark_delay_seconds}' SECOND
) WITH (
    'connector' = 'filesystem',
    'path' = '${folder}/pointers',
    'format' = 'json'
);
