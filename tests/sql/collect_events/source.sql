-- The topics as files: one JSON record a line, its place in the topic beside its own fields.
CREATE CATALOG lake WITH ('type' = 'generic_in_memory', 'default-database' = 'web');

CREATE TEMPORARY TABLE arrivals (
    record_key STRING,
${event_wire},
    topic_name STRING,
    topic_partition INT,
    topic_offset BIGINT,
    appended_time TIMESTAMP_LTZ(3),
    seen_at AS PROCTIME()
) WITH (
    'connector' = 'filesystem',
    'path' = '${folder}/arrivals',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true',
    'json.decode.json-parser.enabled' = 'false',
    'json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE refusals (
${rejected_wire},
    topic_name STRING,
    topic_partition INT,
    topic_offset BIGINT,
    appended_time TIMESTAMP_LTZ(3)
) WITH (
    'connector' = 'filesystem',
    'path' = '${folder}/refusals',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true',
    'json.decode.json-parser.enabled' = 'false',
    'json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE chunks (
${chunk_wire},
    topic_name STRING,
    topic_partition INT,
    topic_offset BIGINT,
    appended_time TIMESTAMP_LTZ(3)
) WITH (
    'connector' = 'filesystem',
    'path' = '${folder}/chunks',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true',
    'json.decode.json-parser.enabled' = 'false',
    'json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE letters (
    content BYTES,
    topic_name STRING,
    topic_partition INT,
    topic_offset BIGINT,
    appended_time TIMESTAMP_LTZ(3)
) WITH (
    'connector' = 'filesystem',
    'path' = '${folder}/letters',
    'format' = 'json',
    'json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE unique_events (
    record_key STRING,
${unique_text},
    `headers` MAP<STRING, BYTES>
) WITH (
    'connector' = 'filesystem',
    'path' = '${folder}/unique_events',
    'format' = 'json'
);
