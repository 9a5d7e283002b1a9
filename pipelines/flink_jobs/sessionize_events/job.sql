-- One row = one session whose gap has passed.
-- In:     topic unique-events (first copies of on-time events, and heartbeats)
-- Out:    table sessions_closed, append only
-- Rules:  sessions.gap_minutes, bounce_*, session_senders; delivery.watermark_delay_seconds
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
    AND NOT is_flood;

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
WITH sessions AS (
    SELECT
        site_id,
        visitor_id,
        MIN(event_at) AS first_ms,
        MAX(event_at) AS last_ms,
        COUNT(*) AS event_count,
        SUM(CASE WHEN event_name = 'page_view' THEN 1 ELSE 0 END) AS page_view_count,
        SUM(CASE WHEN is_conversion THEN 1 ELSE 0 END) AS conversion_count,
        SUM(CASE WHEN is_interactive THEN 1 ELSE 0 END) AS interactive_count,
        SUM(COALESCE(revenue_usd_amount, 0)) AS revenue_usd_amount,
        SUM(CAST(COALESCE(engaged_ms, 0) AS BIGINT)) AS engaged_ms,
        MAX(scroll_percent) AS max_scroll_percent,
        MAX(CASE WHEN is_new_visitor_hint THEN 1 ELSE 0 END) AS new_visitor_hint,
        SUBSTRING(MIN(first_touch), 46) AS opened,
        SUBSTRING(MAX(last_touch), 46) AS touched,
        SUBSTRING(MIN(page), 46) AS entry,
        SUBSTRING(MAX(page), 46) AS exit_view,
        SUBSTRING(MAX(known_user), 46) AS user_id
    FROM TABLE(
        SESSION(
            TABLE marked_events PARTITION BY (site_id, visitor_id),
            DESCRIPTOR(event_time),
            INTERVAL '${gap_minutes}' MINUTE
        )
    )
    GROUP BY window_start, window_end, site_id, visitor_id
)
SELECT
    site_id,
    ${session_id} AS session_id,
    visitor_id,
    user_id,
    CAST(TO_TIMESTAMP_LTZ(first_ms, 3) AS TIMESTAMP_LTZ(6)) AS started_at,
    CAST(TO_TIMESTAMP_LTZ(last_ms, 3) AS TIMESTAMP_LTZ(6)) AS ended_at,
    CAST(JSON_VALUE(opened, '$$[0]') AS DATE) AS started_date,
    last_ms - first_ms AS duration_ms,
    event_count,
    CAST(page_view_count AS BIGINT) AS page_view_count,
    CAST(conversion_count AS BIGINT) AS conversion_count,
    CAST(revenue_usd_amount AS DECIMAL(18, 4)) AS revenue_usd_amount,
    engaged_ms,
    max_scroll_percent,
    JSON_VALUE(entry, '$$[0]') AS entry_page,
    JSON_VALUE(exit_view, '$$[0]') AS exit_page,
    JSON_VALUE(entry, '$$[1]') AS page_host,
    JSON_VALUE(opened, '$$[1]') AS referrer,
    JSON_VALUE(opened, '$$[2]') AS referrer_host,
    JSON_VALUE(opened, '$$[3]') AS source,
    JSON_VALUE(opened, '$$[4]') AS medium,
    JSON_VALUE(opened, '$$[5]') AS campaign,
    JSON_VALUE(opened, '$$[6]') AS channel,
    COALESCE(JSON_VALUE(touched, '$$[0]'), JSON_VALUE(opened, '$$[3]')) AS last_source,
    COALESCE(JSON_VALUE(touched, '$$[1]'), JSON_VALUE(opened, '$$[4]')) AS last_medium,
    CASE WHEN touched IS NULL THEN JSON_VALUE(opened, '$$[5]') ELSE JSON_VALUE(touched, '$$[2]') END AS last_campaign,
    COALESCE(JSON_VALUE(touched, '$$[3]'), JSON_VALUE(opened, '$$[6]')) AS last_channel,
    JSON_VALUE(opened, '$$[7]') AS country,
    JSON_VALUE(opened, '$$[8]') AS region,
    JSON_VALUE(opened, '$$[9]') AS city,
    JSON_VALUE(opened, '$$[10]') AS device,
    JSON_VALUE(opened, '$$[11]') AS browser,
    JSON_VALUE(opened, '$$[12]') AS os,
    page_view_count = ${bounce_page_views} AND interactive_count = 0 AND engaged_ms < ${bounce_engaged_ms} AS is_bounce,
    new_visitor_hint = 1 AS is_new_visitor,
    JSON_VALUE(opened, '$$[13]') = 'true' AS is_bot,
    '${run_id}' AS run_id,
    CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(6)) AS emitted_at
FROM sessions
-- A run without state knows a session whole only after the first complete gap of what it has read.
WHERE first_ms > ${complete_after_ms};
