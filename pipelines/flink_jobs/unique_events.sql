-- First copies of on-time events, committed ones only, and the lake: the source of several jobs.

CREATE CATALOG lake WITH (${catalog_options});

CREATE TEMPORARY TABLE unique_events (
${unique_wire},
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
