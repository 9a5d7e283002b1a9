-- One row = one version of a cell of a page's heatmap: what fell into it since its hour began.
-- In:     topics unique-events (clicks, and heartbeats) and pointers (moves, depths, and heartbeats)
-- Out:    table heatmap_cells, append only
-- Rules:  heatmap.*; delivery.watermark_delay_seconds
-- Owner:  data-engineering

-- A click without a place on the page is in analytics.events alone.
CREATE TEMPORARY VIEW clicks AS
SELECT
    site_id, page_host, page_path, viewport_width_px, event_date, event_at, event_time,
    -- TRICKY: TRY_CAST: anybody may send any properties, and a CAST that fails restarts the job for ever.
    TRY_CAST(JSON_VALUE(properties, '$$.x_permille') AS INT) AS x_permille,
    TRY_CAST(JSON_VALUE(properties, '$$.y_px') AS INT) AS y_px,
    TRY_CAST(JSON_VALUE(properties, '$$.document_height_px') AS INT) AS document_height_px
FROM unique_events
WHERE record_kind = 'event'
    AND event_at IS NOT NULL
    AND event_name = 'click'
    AND sender IN (${heatmap_senders})
    AND page_path IS NOT NULL
    AND NOT is_flood;

CREATE TEMPORARY VIEW batches AS
SELECT * FROM pointers
WHERE record_kind = 'pointers' AND event_at IS NOT NULL AND sender IN (${heatmap_senders}) AND NOT is_flood;

INSERT INTO lake.web.heatmap_cells
-- A batch that was sent or replayed twice falls into one window: its ids are remembered no longer than that.
WITH copies AS (
    SELECT *, ROW_NUMBER() OVER (
        PARTITION BY window_start, window_end, site_id, event_id ORDER BY event_time
    ) AS copy_number
    FROM TABLE(TUMBLE(TABLE batches, DESCRIPTOR(event_time), INTERVAL '${step_seconds}' SECOND))
),
first_copies AS (
    SELECT
        site_id, page_host, page_path, viewport_width_px, event_date, event_at, window_time AS seen_time,
        points, document_height_px, COALESCE(scroll_from_percent, 0) AS scroll_from_percent, scroll_percent
    FROM copies
    WHERE copy_number = 1
),
-- A mark is a point, `x,y`, or a depth, which has no y: the depths that may have been reached stand behind the points.
-- TRICKY: of a constant array Flink would make a join that remembers every row, of two branches two removals of copies.
marks AS (
    SELECT
        site_id, page_host, page_path, viewport_width_px, event_date, event_at, seen_time, document_height_px,
        scroll_from_percent, scroll_percent,
        TRY_CAST(SPLIT_INDEX(mark, ',', 0) AS INT) AS x,
        TRY_CAST(SPLIT_INDEX(mark, ',', 1) AS INT) AS y
    FROM first_copies
    CROSS JOIN UNNEST(SPLIT(
        CONCAT_WS(' ', points, CASE WHEN scroll_percent > scroll_from_percent THEN '${depths_percent}' END), ' '
    )) AS each_mark (mark)
),
points AS (
    SELECT
        'click' AS kind, site_id, page_host, page_path, viewport_width_px, event_date, event_at, event_time,
        x_permille, y_px, CAST(NULL AS INT) AS depth_percent, document_height_px
    FROM clicks
    WHERE x_permille IS NOT NULL AND y_px IS NOT NULL
    UNION ALL
    SELECT
        CASE WHEN y IS NULL THEN 'scroll' ELSE 'move' END,
        site_id, page_host, page_path, viewport_width_px, event_date, event_at, seen_time,
        CASE WHEN y IS NOT NULL THEN x END, y, CASE WHEN y IS NULL THEN x END, document_height_px
    FROM marks
    WHERE y IS NOT NULL OR (x > scroll_from_percent AND x <= scroll_percent)
),
-- Whatever lies outside of the page counts in the nearest cell.
placed AS (
    SELECT
        kind, site_id, page_host, page_path, event_date, event_time, depth_percent, document_height_px,
        CASE
            WHEN viewport_width_px IS NULL THEN 'unknown'
            WHEN viewport_width_px <= ${mobile_max_px} THEN 'mobile'
            WHEN viewport_width_px <= ${tablet_max_px} THEN 'tablet'
            ELSE 'desktop'
        END AS viewport_class,
        event_at - MOD(event_at, ${cell_seconds} * 1000) AS hour_ms,
        LEAST(GREATEST(x_permille, 0), 999) AS x_permille,
        LEAST(GREATEST(y_px, 0), ${max_height_px} - 1) AS y_px
    FROM points
),
celled AS (
    SELECT
        kind, site_id, page_host, page_path, viewport_class, event_date, hour_ms, event_time, depth_percent,
        document_height_px,
        x_permille - MOD(x_permille, ${cell_width_permille}) AS cell_x_permille,
        y_px - MOD(y_px, ${cell_height_px}) AS cell_y_px
    FROM placed
),
pieces AS (
    SELECT
        kind, site_id, page_host, page_path, viewport_class, event_date, hour_ms, depth_percent,
        cell_x_permille, cell_y_px, window_end, window_time AS piece_time,
        COUNT(*) AS point_count,
        MAX(document_height_px) AS document_height_px
    FROM TABLE(TUMBLE(TABLE celled, DESCRIPTOR(event_time), INTERVAL '${step_seconds}' SECOND))
    GROUP BY
        window_start, window_end, window_time, kind, site_id, page_host, page_path, viewport_class, event_date,
        hour_ms, depth_percent, cell_x_permille, cell_y_px
),
versions AS (
    SELECT
        kind, site_id, page_host, page_path, viewport_class, event_date, hour_ms, depth_percent,
        cell_x_permille, cell_y_px, window_end,
        SUM(point_count) OVER so_far AS point_count,
        MAX(document_height_px) OVER so_far AS document_height_px
    FROM pieces
    WINDOW so_far AS (
        PARTITION BY
            kind, site_id, page_host, page_path, viewport_class, event_date, hour_ms, depth_percent,
            cell_x_permille, cell_y_px
        ORDER BY piece_time ROWS UNBOUNDED PRECEDING
    )
)
SELECT
    site_id,
    page_host,
    page_path,
    viewport_class,
    kind,
    CAST(TO_TIMESTAMP_LTZ(hour_ms, 3) AS TIMESTAMP_LTZ(6)) AS hour_at,
    CAST(event_date AS DATE) AS local_date,
    cell_x_permille,
    cell_y_px,
    CASE WHEN cell_x_permille IS NOT NULL THEN ${cell_width_permille} END AS cell_width_permille,
    CASE WHEN cell_y_px IS NOT NULL THEN ${cell_height_px} END AS cell_height_px,
    depth_percent,
    point_count,
    document_height_px,
    CAST(window_end AS TIMESTAMP_LTZ(6)) AS counted_until_at,
    '${run_id}' AS run_id,
    CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(6)) AS emitted_at
FROM versions
-- A run without state tells of the hours that it has read from their beginning.
WHERE hour_ms > ${complete_after_ms};
