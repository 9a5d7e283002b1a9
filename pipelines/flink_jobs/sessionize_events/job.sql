-- One row = one session whose gap has passed; an open one as it stood.
-- In:     topic unique-events (first copies of on-time events, and heartbeats)
-- Out:    tables sessions_closed, session_progress, append only
-- Rules:  sessions.gap_minutes, progress_seconds, bounce_*, session_senders; delivery.watermark_delay_seconds
-- Owner:  data-engineering

-- Events that make sessions. `place` is fixed in width (45), so that text compares like
-- (event_at, seq, offset): ties are decided by it and by nothing that follows it.
CREATE TEMPORARY VIEW session_events AS
SELECT
    *,
    CAST(1000000000000000 + event_at AS STRING)
        || CAST(3000000000 + CAST(COALESCE(seq, -1) AS BIGINT) AS STRING)
        || CAST(1000000000000000000 + topic_offset AS STRING) AS place
FROM unique_events
WHERE record_kind = 'event'
    AND event_at IS NOT NULL
    AND visitor_id IS NOT NULL
    AND sender IN (${session_senders})
    AND NOT is_flood
    -- Windows of sessions take what is just behind the watermark, those of pieces do not: one rule for both.
    AND (CURRENT_WATERMARK(event_time) IS NULL OR event_time > CURRENT_WATERMARK(event_time));

-- TRICKY: what is packed behind `place` is a JSON array, so that an address may hold any character.
CREATE TEMPORARY VIEW marked_events AS
SELECT
    *,
    place || JSON_ARRAY(
        event_date, referrer, referrer_host, source, medium, campaign, channel,
        country, region, city, device, browser, os, is_bot NULL ON NULL
    ) AS first_touch,
    CASE WHEN source <> '(direct)' THEN place || JSON_ARRAY(source, medium, campaign, channel NULL ON NULL) END
        AS last_touch,
    CASE WHEN event_name = 'page_view' THEN place || JSON_ARRAY(page_path, page_host NULL ON NULL) END AS page,
    place || user_id AS known_user
FROM session_events;

INSERT INTO lake.web.sessions_closed
-- TRICKY: not a view: Flink writes a view's text anew and gets a SESSION of two partition columns wrong.
WITH sums AS (
    SELECT
        site_id,
        visitor_id,
${event_sums}
    FROM TABLE(
        SESSION(
            TABLE marked_events PARTITION BY (site_id, visitor_id),
            DESCRIPTOR(event_time),
            INTERVAL '${gap_minutes}' MINUTE
        )
    )
    GROUP BY window_start, window_end, site_id, visitor_id
),
sessions AS (
    SELECT
${unpacked}
    FROM sums
)
SELECT
${session_values},
    '${run_id}' AS run_id,
    CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(6)) AS emitted_at
FROM sessions
-- A run without state knows a session whole only after the first complete gap of what it has read.
WHERE first_ms > ${complete_after_ms};

-- What a visitor did within a short time is never cut by a session: sessions are made of such pieces.
CREATE TEMPORARY VIEW pieces AS
SELECT
    site_id,
    visitor_id,
    window_end,
    window_time AS piece_time,
${event_sums}
FROM TABLE(TUMBLE(TABLE marked_events, DESCRIPTOR(event_time), INTERVAL '${progress_seconds}' SECOND))
GROUP BY window_start, window_end, window_time, site_id, visitor_id;

CREATE TEMPORARY VIEW followed_pieces AS
SELECT *, COUNT(*) OVER two AS piece_number, MIN(last_ms) OVER two AS before_ms
FROM pieces
WINDOW two AS (
    PARTITION BY site_id, visitor_id ORDER BY piece_time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
);

CREATE TEMPORARY VIEW pieces_of_sessions AS
SELECT
    *,
    MAX(CASE WHEN piece_number = 1 OR first_ms - before_ms > ${gap_minutes} * 60000 THEN first_ms END) OVER (
        PARTITION BY site_id, visitor_id ORDER BY piece_time ROWS UNBOUNDED PRECEDING
    ) AS started_ms
FROM followed_pieces;

INSERT INTO lake.web.session_progress
WITH sums AS (
    SELECT
        site_id,
        visitor_id,
        window_end,
        started_ms AS first_ms,
        last_ms,
        SUM(event_count) OVER so_far AS event_count,
        SUM(page_view_count) OVER so_far AS page_view_count,
        SUM(conversion_count) OVER so_far AS conversion_count,
        SUM(interactive_count) OVER so_far AS interactive_count,
        SUM(revenue_usd_amount) OVER so_far AS revenue_usd_amount,
        SUM(engaged_ms) OVER so_far AS engaged_ms,
        MAX(max_scroll_percent) OVER so_far AS max_scroll_percent,
        MAX(new_visitor_hint) OVER so_far AS new_visitor_hint,
        MIN(first_touch) OVER so_far AS first_touch,
        MAX(last_touch) OVER so_far AS last_touch,
        MIN(first_page) OVER so_far AS first_page,
        MAX(last_page) OVER so_far AS last_page,
        MAX(known_user) OVER so_far AS known_user
    FROM pieces_of_sessions
    WINDOW so_far AS (
        PARTITION BY site_id, visitor_id, started_ms ORDER BY piece_time ROWS UNBOUNDED PRECEDING
    )
),
sessions AS (
    SELECT
        window_end,
${unpacked}
    FROM sums
)
SELECT
${session_values},
    '${run_id}' AS run_id,
    CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(6)) AS emitted_at,
    CAST(window_end AS TIMESTAMP_LTZ(6)) AS counted_until_at
FROM sessions
WHERE first_ms > ${complete_after_ms};
