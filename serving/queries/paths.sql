-- One row = a step between two pages, and how many sessions of the range took it.
-- In:     analytics.session_pages
-- Rules:  paths.entry, exit, more, other
-- Owner:  analytics
WITH asked (direction, page, channel, device, without_bots) AS (
    VALUES (
        CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar),
        CAST(? AS boolean)
    )
),
pages AS (
    SELECT
        told.session_id, told.conversion_count, told.page, told.place, asked.direction,
        asked.page AS start_page,
        -- A walk begins where the page asked for comes first; backward, where it comes last.
        if(
            asked.direction = 'forward',
            min(if(told.page = asked.page, told.place)) OVER of_session,
            max(if(told.page = asked.page, told.place)) OVER of_session
        ) AS start_place
    FROM analytics.session_pages AS told
    CROSS JOIN asked
    WHERE told.site_id = ? AND told.started_date BETWEEN ? AND ?
        AND (asked.channel IS NULL OR told.channel = asked.channel)
        AND (asked.device IS NULL OR told.device = asked.device)
        AND NOT (asked.without_bots AND told.is_bot)
    WINDOW of_session AS (PARTITION BY told.session_id)
),
ways AS (
    SELECT
        session_id, direction, start_page, conversion_count, count(*) AS page_count,
        ? AS max_steps,
        if(direction = 'forward', min_by(page, place, ?), max_by(page, place, ?)) AS stops
    FROM pages
    WHERE start_page IS NULL
        OR (direction = 'forward' AND place >= start_place)
        OR (direction = 'backward' AND place <= start_place)
    GROUP BY session_id, direction, start_page, conversion_count
),
walks AS (
    SELECT
        conversion_count,
        CASE WHEN start_page IS NULL THEN if(direction = 'forward', ${entry}, ${exit}) END AS start,
        stops || CASE
            WHEN page_count > max_steps THEN ${more}
            ELSE if(direction = 'forward', ${exit}, ${entry})
        END AS stops
    FROM ways
),
all_steps AS (
    SELECT
        stop.step_number,
        if(stop.step_number = 1, start, stops[stop.step_number - 1]) AS from_page, stop.to_page,
        stop.step_number = cardinality(stops) AS is_end,
        count(*) AS session_count, count_if(conversion_count > 0) AS converted_session_count
    FROM walks
    CROSS JOIN unnest(stops) WITH ORDINALITY AS stop (to_page, step_number)
    GROUP BY 1, 2, 3, 4
),
totals AS (
    SELECT
        *,
        sum(session_count) OVER (PARTITION BY step_number, from_page) AS leaving_count,
        sum(session_count) OVER (PARTITION BY step_number, is_end, to_page) AS coming_count
    FROM all_steps
),
-- Whoever comes to a page leaves it by the next step, so both ends of it have the page's rank.
ranks AS (
    SELECT
        *,
        dense_rank() OVER (
            PARTITION BY step_number ORDER BY leaving_count DESC, from_page
        ) AS from_rank,
        dense_rank() OVER (
            PARTITION BY step_number ORDER BY is_end, coming_count DESC, to_page
        ) AS to_rank,
        ? AS max_pages
    FROM totals
),
steps AS (
    SELECT
        step_number, is_end,
        if(from_rank <= max_pages, from_page, ${other}) AS from_page,
        if(is_end OR to_rank <= max_pages, to_page, ${other}) AS to_page,
        sum(session_count) AS session_count,
        sum(converted_session_count) AS converted_session_count
    FROM ranks
    GROUP BY 1, 2, 3, 4
)
SELECT step_number, from_page, to_page, is_end, session_count, converted_session_count
FROM steps
ORDER BY step_number, session_count DESC, from_page, to_page
