-- One row = one version of a minute of a site: early ones while it runs, the final one after its end.
-- In:     topic unique-events (first copies of on-time events, and heartbeats)
-- Out:    table minute_stats, append only
-- Rules:  minutes.*; sessions.gap_minutes, session_senders; delivery.watermark_delay_seconds
-- Owner:  data-engineering

-- Events that count, cut to what is counted. A server's event has no visitor: it makes no session.
CREATE TEMPORARY VIEW counted_events AS
SELECT
    site_id,
    event_time,
    event_at,
    event_date,
    CASE WHEN sender IN (${session_senders}) THEN visitor_id END AS visitor_id,
    event_name = 'page_view' AS is_page_view,
    is_conversion,
    revenue_usd_amount
FROM unique_events
WHERE record_kind = 'event'
    AND event_at IS NOT NULL
    AND sender <> 'webhook'
    AND NOT is_flood;

-- TRICKY: rows, not a range and not LAG: two events of one ms would see the same row before them.
CREATE TEMPORARY VIEW followed_events AS
SELECT
    *,
    COUNT(*) OVER two AS event_number,
    MIN(event_at) OVER two AS before_ms
FROM counted_events
WINDOW two AS (
    PARTITION BY site_id, visitor_id ORDER BY event_time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
);

CREATE TEMPORARY VIEW marked_events AS
SELECT
    *,
    visitor_id IS NOT NULL
        AND (event_number = 1 OR event_at - before_ms > ${gap_minutes} * 60000) AS begins_session
FROM followed_events;

INSERT INTO lake.web.minute_stats
WITH versions AS (
    SELECT
        site_id,
        window_start,
        window_end,
        MIN(event_at) AS first_ms,
        MIN(event_date) AS local_date,
        COUNT(*) AS event_count,
        COUNT(*) FILTER (WHERE is_page_view) AS page_view_count,
        COUNT(DISTINCT visitor_id) AS visitor_count,
        COUNT(*) FILTER (WHERE begins_session) AS session_count,
        COUNT(*) FILTER (WHERE is_conversion) AS conversion_count,
        SUM(COALESCE(revenue_usd_amount, 0)) AS revenue_usd_amount
    FROM TABLE(
        CUMULATE(
            TABLE marked_events,
            DESCRIPTOR(event_time),
            INTERVAL '${step_seconds}' SECOND,
            INTERVAL '${minute_seconds}' SECOND
        )
    )
    GROUP BY window_start, window_end, site_id
)
SELECT
    site_id,
    CAST(window_start AS TIMESTAMP_LTZ(6)) AS minute_at,
    CAST(local_date AS DATE) AS local_date,
    CAST(window_end AS TIMESTAMP_LTZ(6)) AS counted_until_at,
    TIMESTAMPDIFF(SECOND, window_start, window_end) = ${minute_seconds} AS is_final,
    event_count,
    page_view_count,
    visitor_count,
    session_count,
    conversion_count,
    CAST(revenue_usd_amount AS DECIMAL(18, 4)) AS revenue_usd_amount,
    '${run_id}' AS run_id,
    CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(6)) AS emitted_at
FROM versions
-- A run without state knows where sessions begin only after the first complete gap of what it has read.
WHERE first_ms > ${complete_after_ms};
