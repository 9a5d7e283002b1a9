-- One row = one burst of clicks, or one form, that went wrong in one way.
-- In:     topic unique-events (first copies of on-time events, and heartbeats)
-- Out:    table friction_live, append only
-- Rules:  friction.*; delivery.watermark_delay_seconds
-- Owner:  data-engineering

CREATE TEMPORARY VIEW acts AS
SELECT
    *,
    CASE
        WHEN event_name = 'click' THEN click_target
        ELSE COALESCE(NULLIF(JSON_VALUE(properties, '$$.form'), ''), page_path, '')
    END AS target,
    -- TRICKY: TRY_CAST: anybody may send any properties, and a CAST that fails restarts the job for ever.
    event_name = 'click'
    AND TRY_CAST(JSON_VALUE(properties, '$$.watched_ms') AS BIGINT) >= ${dead_ms}
    AND JSON_VALUE(properties, '$$.response_ms') IS NULL
    AND JSON_VALUE(properties, '$$.response_kind') IS NULL
    AND COALESCE(JSON_VALUE(properties, '$$.dead_exempt'), 'false') <> 'true' AS is_dead
FROM unique_events
WHERE record_kind = 'event'
    AND event_at IS NOT NULL
    AND visitor_id IS NOT NULL
    AND sender IN (${friction_senders})
    AND NOT is_flood
    AND event_name IN ('click', 'form_start', 'form_error', 'form_submit', ${error_events});

-- A `sign` is an act as text. What decides stands in front, fixed in width: event_at (characters 1-16), seq (17-26) and
-- offset (27-45), by which text sorts in order; place of the click (46-55, 56-65), whether it may rage (66: r), whether it
-- is dead (67: d), digest of the target (68-99). JSON follows; what rows take of it stands at the end of this file.
CREATE TEMPORARY VIEW signs AS
SELECT
    site_id, visitor_id, event_time, event_name, sent_at, target,
    CAST(1000000000000000 + event_at AS STRING)
    || CAST(3000000000 + CAST(COALESCE(seq, -1) AS BIGINT) AS STRING)
    || CAST(1000000000000000000 + topic_offset AS STRING)
    || COALESCE(CAST(3000000000 + CAST(click_x_px AS BIGINT) AS STRING), '----------')
    || COALESCE(CAST(3000000000 + CAST(click_y_px AS BIGINT) AS STRING), '----------')
    || CASE WHEN JSON_VALUE(properties, '$$.rage_exempt') = 'true' THEN '-' ELSE 'r' END
    || CASE WHEN is_dead THEN 'd' ELSE '-' END
    || MD5(COALESCE(target, event_id))
    || JSON_ARRAY(
        event_id, target, click_x_px, click_y_px,
        CASE
            WHEN event_name = 'form_error' THEN JSON_QUERY(properties, '$$.fields')
            WHEN event_name IN (${error_events}) THEN JSON_VALUE(properties, '$$.message')
        END,
        event_date, user_id, client_session_id, page_view_id, page_host, page_path, device, browser, os, is_bot
        NULL ON NULL
    ) AS sign
FROM acts;

-- Without sent_at an event's time is a guess, and milliseconds decide here.
CREATE TEMPORARY VIEW timed_signs AS
SELECT * FROM signs WHERE sent_at IS NOT NULL AND event_name IN ('click', ${error_events});

CREATE TEMPORARY VIEW form_signs AS
SELECT * FROM signs WHERE event_name IN ('form_start', 'form_error', 'form_submit');

INSERT INTO lake.web.friction_live
-- TRICKY: not views: Flink writes a view's text anew and gets a SESSION of two partition columns wrong.
WITH stretches AS (
    -- A visitor's clicks and errors with no pause between them: a burst lies in one stretch as a whole.
    SELECT
        site_id, visitor_id, window_time AS closed_at,
        ARRAY_SORT(ARRAY_AGG(sign)) AS all_signs,
        ARRAY_SORT(ARRAY_AGG(sign) FILTER (WHERE event_name = 'click')) AS clicks,
        MAX(SUBSTRING(sign, 67, 1)) AS deadest
    FROM TABLE(
        SESSION(
            TABLE timed_signs PARTITION BY (site_id, visitor_id),
            DESCRIPTOR(event_time),
            INTERVAL '${together_seconds}' SECOND
        )
    )
    GROUP BY window_start, window_end, window_time, site_id, visitor_id
),
-- One row = one sign of a stretch that may hold friction. `n` counts its clicks; an error has 0.
-- TRICKY: all of a stretch have one time, so what follows keeps the order in which they come.
ordered AS (
    SELECT site_id, visitor_id, closed_at, clicks, sign, ARRAY_POSITION(clicks, sign) AS n
    FROM stretches
    CROSS JOIN UNNEST(all_signs) AS each_sign (sign)
    WHERE CARDINALITY(clicks) > 2 OR CARDINALITY(clicks) < CARDINALITY(all_signs) OR deadest = 'd'
),
-- ... beside the click before it (b) and the one before that (a).
beside AS (
    SELECT site_id, visitor_id, closed_at, sign, n, clicks[n - 1] AS b, clicks[n - 2] AS a FROM ordered
),
measured AS (
    SELECT
        *,
        CAST(SUBSTRING(sign, 1, 16) AS BIGINT) - CAST(SUBSTRING(a, 1, 16) AS BIGINT) AS since_a_ms,
        CAST(SUBSTRING(sign, 1, 16) AS BIGINT) - CAST(SUBSTRING(b, 1, 16) AS BIGINT) AS since_b_ms,
        POWER(TRY_CAST(SUBSTRING(b, 46, 10) AS DOUBLE) - TRY_CAST(SUBSTRING(a, 46, 10) AS DOUBLE), 2)
        + POWER(TRY_CAST(SUBSTRING(b, 56, 10) AS DOUBLE) - TRY_CAST(SUBSTRING(a, 56, 10) AS DOUBLE), 2) AS b_to_a,
        POWER(TRY_CAST(SUBSTRING(sign, 46, 10) AS DOUBLE) - TRY_CAST(SUBSTRING(a, 46, 10) AS DOUBLE), 2)
        + POWER(TRY_CAST(SUBSTRING(sign, 56, 10) AS DOUBLE) - TRY_CAST(SUBSTRING(a, 56, 10) AS DOUBLE), 2) AS to_a
    FROM beside
),
judged AS (
    SELECT
        site_id, visitor_id, closed_at, sign, n,
        n = 1 OR n > 1 AND (since_b_ms > ${rage_window_ms} OR SUBSTRING(b, 68, 32) <> SUBSTRING(sign, 68, 32))
        AS is_first,
        n > 2
        AND SUBSTRING(sign, 66, 1) = 'r'
        AND since_a_ms <= ${rage_window_ms}
        AND SUBSTRING(a, 68, 32) = SUBSTRING(sign, 68, 32)
        AND SUBSTRING(b, 68, 32) = SUBSTRING(sign, 68, 32)
        AND b_to_a <= POWER(${rage_radius_px}, 2)
        AND to_a <= POWER(${rage_radius_px}, 2) AS is_rage
    FROM measured
),
in_bursts AS (
    SELECT
        site_id, visitor_id, closed_at, sign, n, is_rage,
        MAX(CASE WHEN is_first THEN sign END) OVER so_far AS opened,
        MAX(CASE WHEN n > 0 THEN sign END) OVER so_far AS clicked
    FROM judged
    WINDOW so_far AS (PARTITION BY site_id, visitor_id ORDER BY closed_at ROWS UNBOUNDED PRECEDING)
),
bursts AS (
    SELECT
        site_id, visitor_id, opened,
        MAX(clicked) AS last_sign,
        SUM(CASE WHEN n > 0 THEN 1 ELSE 0 END) AS click_count,
        MAX(CASE WHEN is_rage THEN 'rage_click' END) AS rage,
        MAX(CASE WHEN SUBSTRING(sign, 67, 1) = 'd' THEN 'dead_click' END) AS dead,
        MIN(CASE
            WHEN n = 0
                AND CAST(SUBSTRING(sign, 1, 16) AS BIGINT) - CAST(SUBSTRING(clicked, 1, 16) AS BIGINT) <= ${error_ms}
                -- A page loaded since counts anew: its errors are not those of the click that led to it.
                AND (SUBSTRING(sign, 17, 10) > SUBSTRING(clicked, 17, 10) OR SUBSTRING(sign, 17, 1) = '2')
                THEN sign
        END) AS error
    FROM TABLE(TUMBLE(TABLE in_bursts, DESCRIPTOR(closed_at), INTERVAL '${together_seconds}' SECOND))
    GROUP BY window_start, window_end, site_id, visitor_id, opened
),
stretches_of_forms AS (
    SELECT
        site_id, visitor_id,
        ARRAY_SORT(ARRAY_AGG(sign)) AS all_signs,
        MAX(CASE WHEN event_name <> 'form_submit' THEN sign END) AS last_sign,
        MAX(CASE WHEN event_name = 'form_submit' THEN sign END) AS sent
    FROM TABLE(
        SESSION(
            TABLE form_signs PARTITION BY (site_id, visitor_id, target),
            DESCRIPTOR(event_time),
            INTERVAL '${abandon_minutes}' MINUTE
        )
    )
    GROUP BY window_start, window_end, site_id, visitor_id, target
),
-- What was sent was not given up: the form begins with what follows.
forms AS (
    SELECT
        site_id, visitor_id, last_sign, sent,
        all_signs[COALESCE(ARRAY_POSITION(all_signs, sent), 0) + 1] AS opened
    FROM stretches_of_forms
),
friction AS (
    SELECT site_id, visitor_id, kind, opened, last_sign, click_count, error AS detail_sign
    FROM bursts
    CROSS JOIN UNNEST(ARRAY[rage, dead, CASE WHEN error IS NOT NULL THEN 'error_click' END]) AS kinds (kind)
    WHERE kind IS NOT NULL
    UNION ALL
    SELECT site_id, visitor_id, 'form_abandonment', opened, last_sign, 0, CAST(NULL AS STRING)
    FROM forms
    WHERE last_sign > COALESCE(sent, '')
    UNION ALL
    SELECT site_id, visitor_id, 'validation_error', sign, sign, 0, sign
    FROM form_signs
    WHERE event_name = 'form_error'
),
opened AS (
    SELECT *, SUBSTRING(opened, 100) AS first, CAST(SUBSTRING(opened, 2, 15) AS BIGINT) AS first_ms
    FROM friction
)
SELECT
    site_id,
    kind,
    JSON_VALUE(first, '$$[0]') AS event_id,
    visitor_id,
    JSON_VALUE(first, '$$[6]') AS user_id,
    JSON_VALUE(first, '$$[7]') AS client_session_id,
    JSON_VALUE(first, '$$[8]') AS page_view_id,
    JSON_VALUE(first, '$$[9]') AS page_host,
    JSON_VALUE(first, '$$[10]') AS page_path,
    JSON_VALUE(first, '$$[1]') AS target,
    CASE
        WHEN kind IN ('error_click', 'validation_error') THEN JSON_VALUE(SUBSTRING(detail_sign, 100), '$$[4]')
    END AS detail,
    CAST(click_count AS BIGINT) AS click_count,
    -- Anybody may send a form's event with a place; only a click has one.
    CASE WHEN click_count > 0 THEN CAST(JSON_VALUE(first, '$$[2]') AS INT) END AS click_x_px,
    CASE WHEN click_count > 0 THEN CAST(JSON_VALUE(first, '$$[3]') AS INT) END AS click_y_px,
    CAST(TO_TIMESTAMP_LTZ(first_ms, 3) AS TIMESTAMP_LTZ(6)) AS event_at,
    CAST(TO_TIMESTAMP_LTZ(CAST(SUBSTRING(last_sign, 2, 15) AS BIGINT), 3) AS TIMESTAMP_LTZ(6)) AS last_at,
    CAST(JSON_VALUE(first, '$$[5]') AS DATE) AS started_date,
    JSON_VALUE(first, '$$[11]') AS device,
    JSON_VALUE(first, '$$[12]') AS browser,
    JSON_VALUE(first, '$$[13]') AS os,
    JSON_VALUE(first, '$$[14]') = 'true' AS is_bot,
    '${run_id}' AS run_id,
    CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(6)) AS emitted_at
FROM opened
-- A run without state knows a burst or a form whole only after the first complete gap of what it has read.
WHERE first_ms > ${complete_after_ms};
