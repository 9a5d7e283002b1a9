-- First copies of on-time events, committed ones only; what the edge tells of pointers; the lake.

CREATE CATALOG lake WITH (${catalog_options});

-- Few of the topic's columns: each one that is read costs time.
CREATE TEMPORARY TABLE unique_events (
${click_wire},
    event_time AS TO_TIMESTAMP_LTZ(event_at, 3),
    -- The broker's time of arrival, not anybody's clock, says how far time has come.
    WATERMARK FOR event_time AS TO_TIMESTAMP_LTZ(appended_at, 3) - INTERVAL '${watermark_delay_seconds}' SECOND
) WITH (
    'connector' = 'kafka',
    'topic' = 'unique-events',
    'properties.bootstrap.servers' = '${kafka_bootstrap}',
    'properties.group.id' = '${job}',
    'properties.isolation.level' = 'read_committed',
    'scan.startup.mode' = 'timestamp',
    'scan.startup.timestamp-millis' = '${start_ms}',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true'
);

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
