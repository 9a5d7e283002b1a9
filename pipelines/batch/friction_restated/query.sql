-- One row = one burst of clicks, or one form, that went wrong in one way on a restated day: by the
-- rules of detect_friction, with late events, and in one pass over the events.
-- In:     counted_events.sql
-- Rules:  friction.*
-- Owner:  analytics
INSERT INTO lake.web.friction_restated (${friction_columns})
WITH acts AS (
    SELECT
        *,
        -- Without sent_at an event's time is a guess, and for clicks milliseconds decide.
        event_name = 'click' AND sent_at IS NOT NULL AS is_click,
        event_name IN (${error_events}) AND sent_at IS NOT NULL AS is_error,
        event_name IN ('form_start', 'form_error', 'form_submit') AS is_form,
        CASE
            WHEN event_name = 'click' THEN click_target
            ELSE coalesce(nullif(json_extract_scalar(properties, '$$.form'), ''), page_path, '')
        END AS target,
        -- Anybody may send any numbers: whole ones may be too large to be squared.
        CAST(click_x_px AS double) AS x, CAST(click_y_px AS double) AS y,
        coalesce(json_extract_scalar(properties, '$$.rage_exempt') = 'true', false) AS is_exempt,
        coalesce(
            TRY_CAST(json_extract_scalar(properties, '$$.watched_ms') AS bigint) >= ${dead_ms}
                AND json_extract_scalar(properties, '$$.response_ms') IS NULL
                AND json_extract_scalar(properties, '$$.response_kind') IS NULL
                AND coalesce(json_extract_scalar(properties, '$$.dead_exempt'), '') <> 'true',
            false
        ) AS is_unanswered
    FROM (
        ${counted_events}
    )
    WHERE makes_session
        AND sender IN (${friction_senders})
        AND event_name IN ('click', 'form_start', 'form_error', 'form_submit', ${error_events})
),
-- Each act beside the visitor's click before it (b), the one before that (a), and the form's last act.
beside AS (
    SELECT
        *,
        lag(click, 1) IGNORE NULLS OVER visits AS b, lag(click, 2) IGNORE NULLS OVER visits AS a,
        lag(event_name) OVER tries AS form_name, lag(event_at) OVER tries AS form_at
    FROM (
        SELECT *, if(is_click, ROW(event_at, target, x, y, coalesce(seq, -1))) AS click
        FROM acts
    )
    WINDOW
        visits AS (PARTITION BY visitor_id ORDER BY place),
        tries AS (PARTITION BY visitor_id, is_form, target ORDER BY place)
),
judged AS (
    SELECT
        *,
        is_click AND coalesce(
            target <> b[2] OR date_diff('millisecond', b[1], event_at) > ${rage_window_ms}, true
        ) AS opens_burst,
        is_click AND NOT is_exempt AND coalesce(
            target = a[2] AND target = b[2]
                AND date_diff('millisecond', a[1], event_at) <= ${rage_window_ms}
                AND power(b[3] - a[3], 2) + power(b[4] - a[4], 2) <= power(${rage_radius_px}, 2)
                AND power(x - a[3], 2) + power(y - a[4], 2) <= power(${rage_radius_px}, 2),
            false
        ) AS is_rage,
        -- A page loaded since counts anew: its errors are not those of the click that led to it.
        is_error AND coalesce(
            date_diff('millisecond', b[1], event_at) <= ${error_ms} AND coalesce(seq > b[5], true),
            false
        ) AS is_blamed,
        -- What was sent was not given up: the form begins with what follows.
        is_form AND coalesce(
            form_name = 'form_submit'
                OR event_at > form_at + INTERVAL '${abandon_minutes}' MINUTE,
            true
        ) AS opens_try
    FROM beside
),
numbered AS (
    SELECT
        *, count_if(opens_burst) OVER visits AS burst_number,
        count_if(opens_try) OVER tries AS try_number
    FROM judged
    WINDOW
        visits AS (PARTITION BY visitor_id ORDER BY place ROWS UNBOUNDED PRECEDING),
        tries AS (PARTITION BY visitor_id, is_form, target ORDER BY place ROWS UNBOUNDED PRECEDING)
),
summed AS (
    SELECT
        *, count_if(is_click) OVER burst AS click_count,
        max(if(is_click, event_at)) OVER burst AS last_click_at,
        bool_or(is_rage) OVER burst AS has_rage,
        bool_or(is_click AND is_unanswered) OVER burst AS has_dead,
        bool_or(is_blamed) OVER burst AS has_error,
        min_by(json_extract_scalar(properties, '$$.message'), if(is_blamed, place)) OVER burst
            AS message,
        bool_or(event_name = 'form_submit') OVER one_try AS is_sent,
        max(event_at) OVER one_try AS last_form_at
    FROM numbered
    WINDOW
        burst AS (PARTITION BY visitor_id, burst_number),
        one_try AS (PARTITION BY visitor_id, is_form, target, try_number)
),
kinds AS (
    SELECT
        summed.*, kind, json_format(json_extract(properties, '$$.fields')) AS fields
    FROM summed
    CROSS JOIN unnest(ARRAY[
        if(opens_burst AND has_rage, 'rage_click'), if(opens_burst AND has_dead, 'dead_click'),
        if(opens_burst AND has_error, 'error_click'),
        if(
            opens_try AND NOT is_sent
                AND last_form_at + INTERVAL '${abandon_minutes}' MINUTE < :settled_until,
            'form_abandonment'
        ),
        if(event_name = 'form_error', 'validation_error')
    ]) AS found (kind)
    WHERE kind IS NOT NULL AND contains(:dates, local_date)
)
SELECT
    site_id, kind, event_id, visitor_id, user_id, client_session_id, page_view_id, page_host,
    page_path, target,
    CASE kind
        WHEN 'error_click' THEN message
        WHEN 'validation_error' THEN if(substr(fields, 1, 1) IN ('{', '['), fields)
    END AS detail,
    if(is_click, click_count, 0) AS click_count, if(is_click, click_x_px) AS click_x_px,
    if(is_click, click_y_px) AS click_y_px, event_at,
    CASE kind
        WHEN 'form_abandonment' THEN last_form_at
        WHEN 'validation_error' THEN event_at
        ELSE last_click_at
    END AS last_at,
    local_date AS started_date, device, browser, os, is_bot, :run_id AS run_id,
    :emitted_at AS emitted_at
FROM kinds
