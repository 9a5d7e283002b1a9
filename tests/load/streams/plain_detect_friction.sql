-- The same stretches over the same topic, written plainly: how many clicks of a visitor follow each other closely.
CREATE TEMPORARY TABLE nowhere (
    site_id STRING, visitor_id STRING, first_ms BIGINT, last_ms BIGINT, click_count BIGINT
) WITH ('connector' = 'blackhole');

INSERT INTO nowhere
SELECT site_id, visitor_id, MIN(event_at), MAX(event_at), COUNT(*)
FROM TABLE(
    SESSION(
        TABLE unique_events PARTITION BY (site_id, visitor_id),
        DESCRIPTOR(event_time),
        INTERVAL '${together_seconds}' SECOND
    )
)
WHERE event_name = 'click'
GROUP BY window_start, window_end, site_id, visitor_id;
