-- What the edge tells of pointers: moves and depths that fell into cells of a page.

CREATE TEMPORARY TABLE pointers (
${pointer_wire},
    appended_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
    event_time AS TO_TIMESTAMP_LTZ(event_at, 3),
    WATERMARK FOR event_time AS appended_time - INTERVAL '${watermark_delay_seconds}' SECOND
) WITH (
    'connector' = 'kafka',
    'topic' = 'pointers',
    'properties.bootstrap.servers' = '${kafka_bootstrap}',
    'properties.group.id' = '${job}',
    'scan.startup.mode' = 'timestamp',
    'scan.startup.timestamp-millis' = '${start_ms}',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true'
);
