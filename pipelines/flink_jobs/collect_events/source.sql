-- The topics of the edge as they come, the topic and the tables they go to.

CREATE CATALOG lake WITH (${catalog_options});

-- Records read field by field: a field of a wrong type is NULL, a record that is no JSON is absent.
CREATE TEMPORARY TABLE arrivals (
    record_key STRING,
${event_wire},
    topic_name STRING METADATA FROM 'topic' VIRTUAL,
    topic_partition INT METADATA FROM 'partition' VIRTUAL,
    topic_offset BIGINT METADATA FROM 'offset' VIRTUAL,
    appended_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
    seen_at AS PROCTIME()
) WITH (
    'connector' = 'kafka',
    'topic' = 'events;imported-events',
    'properties.bootstrap.servers' = '${kafka_bootstrap}',
    'properties.group.id' = 'collect_events',
    'scan.startup.mode' = 'timestamp',
    'scan.startup.timestamp-millis' = '${start_ms}',
    'key.format' = 'raw',
    'key.fields' = 'record_key',
    'value.fields-include' = 'EXCEPT_KEY',
    'value.format' = 'json',
    'value.json.ignore-parse-errors' = 'true',
    -- TRICKY: the faster reader loses the whole record, without a word, when an object or a list
    -- stands where a number should.
    'value.json.decode.json-parser.enabled' = 'false'
);

CREATE TEMPORARY TABLE refusals (
${rejected_wire},
    topic_name STRING METADATA FROM 'topic' VIRTUAL,
    topic_partition INT METADATA FROM 'partition' VIRTUAL,
    topic_offset BIGINT METADATA FROM 'offset' VIRTUAL,
    appended_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH (
    'connector' = 'kafka',
    'topic' = 'rejected-events',
    'properties.bootstrap.servers' = '${kafka_bootstrap}',
    'properties.group.id' = 'collect_events',
    'scan.startup.mode' = 'timestamp',
    'scan.startup.timestamp-millis' = '${start_ms}',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true',
    'json.decode.json-parser.enabled' = 'false'
);

CREATE TEMPORARY TABLE chunks (
${chunk_wire},
    topic_name STRING METADATA FROM 'topic' VIRTUAL,
    topic_partition INT METADATA FROM 'partition' VIRTUAL,
    topic_offset BIGINT METADATA FROM 'offset' VIRTUAL,
    appended_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH (
    'connector' = 'kafka',
    'topic' = 'recording-chunks',
    'properties.bootstrap.servers' = '${kafka_bootstrap}',
    'properties.group.id' = 'collect_events',
    'scan.startup.mode' = 'timestamp',
    'scan.startup.timestamp-millis' = '${start_ms}',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true',
    'json.decode.json-parser.enabled' = 'false'
);

-- The same records as bytes, for what the tables above cannot see.
CREATE TEMPORARY TABLE letters (
    content BYTES,
    topic_name STRING METADATA FROM 'topic' VIRTUAL,
    topic_partition INT METADATA FROM 'partition' VIRTUAL,
    topic_offset BIGINT METADATA FROM 'offset' VIRTUAL,
    appended_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH (
    'connector' = 'kafka',
    'topic' = 'events;imported-events;rejected-events;recording-chunks',
    'properties.bootstrap.servers' = '${kafka_bootstrap}',
    'properties.group.id' = 'collect_events-letters',
    'scan.startup.mode' = 'timestamp',
    'scan.startup.timestamp-millis' = '${start_ms}',
    'format' = 'raw'
);

-- TRICKY: one sink writer, so that one transaction holds a whole checkpoint: after a crash either
-- all of it is committed or nothing, and the newest committed offset is a mark for the restart.
CREATE TEMPORARY TABLE unique_events (
    record_key STRING,
${unique_text},
    `headers` MAP<STRING, BYTES> METADATA
) WITH (
    'connector' = 'kafka',
    'topic' = 'unique-events',
    'properties.bootstrap.servers' = '${kafka_bootstrap}',
    -- The record grows by its place; the broker's limit for this topic is larger, too.
    'properties.max.request.size' = '${unique_max_bytes}',
    -- As long as the broker allows: an aborted transaction is lost without a word.
    'properties.transaction.timeout.ms' = '86400000',
    'sink.delivery-guarantee' = 'exactly-once',
    'sink.transactional-id-prefix' = '${transaction_prefix}',
    'sink.parallelism' = '1',
    'key.format' = 'raw',
    'key.fields' = 'record_key',
    'value.fields-include' = 'EXCEPT_KEY',
    'value.format' = 'json',
    'value.json.encode.ignore-null-fields' = 'true'
);
