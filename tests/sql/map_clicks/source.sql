-- The topics as files: one JSON record a line, in the order of the broker.
CREATE CATALOG lake WITH ('type' = 'generic_in_memory', 'default-database' = 'web');

CREATE TEMPORARY TABLE unique_events (
${click_wire},
    event_time AS TO_TIMESTAMP_LTZ(event_at, 3),
    WATERMARK FOR event_time AS TO_TIMESTAMP_LTZ(appended_at, 3) - INTERVAL '${watermark_delay_seconds}' SECOND
) WITH (
    'connector' = 'filesystem',
    'path' = '${folder}/unique_events',
    'format' = 'json'
);

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
