-- The same window over the same topic, written plainly: start, end and count of each session.
CREATE TEMPORARY TABLE nowhere (
    site_id STRING, visitor_id STRING, first_ms BIGINT, last_ms BIGINT, event_count BIGINT
) WITH ('connector' = 'blackhole');

INSERT INTO nowhere
SELECT site_id, visitor_id, MIN(event_at), MAX(event_at), COUNT(*)
FROM TABLE(
    SESSION(
        TABLE unique_events PARTITION BY (site_id, visitor_id),
        DESCRIPTOR(event_time),
        INTERVAL '${gap_minutes}' MINUTE
    )
)
WHERE event_at IS NOT NULL
GROUP BY window_start, window_end, site_id, visitor_id;
