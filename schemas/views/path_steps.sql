-- One row = a step between two pages on a local day of a site, and how many sessions took it.
-- In:      analytics.page_paths, web.sites
-- Column site_id: Site the sessions belong to.
-- Column local_date: Local day on which the sessions began.
-- Column direction: forward from the first page of a session, or backward from its last one.
-- Column step_number: 1 leads to the first (backward: last) page.
-- Column from_page: Page the step begins at; paths.entry (backward: exit) before the first one.
-- Column to_page: Page it leads to; paths.exit (backward: entry) where the session ends, more where it goes on beyond paths.max_steps, other for the tail.
-- Column session_count: Sessions that took the step.
-- Column converted_session_count: Those of them that converted.
-- Rules:   paths.max_steps, pages_per_step, entry, exit, more, other; a site's exclude_bots
-- Day:     local_date
-- Owner:   analytics
WITH sites_without_bots AS (
    SELECT site_id
    FROM lake.web.sites
    GROUP BY site_id
    HAVING max_by(exclude_bots, mirrored_at)
),
walks AS (
    SELECT
        path.site_id, path.started_date AS local_date, way.direction, way.start,
        path.conversion_count,
        way.pages || if(path.page_count > ${paths_max_steps}, ${paths_more}, way.ending) AS stops
    FROM lake.analytics.page_paths AS path
    CROSS JOIN unnest(
        ARRAY['forward', 'backward'], ARRAY[path.pages, path.last_pages],
        ARRAY[${paths_entry}, ${paths_exit}], ARRAY[${paths_exit}, ${paths_entry}]
    ) AS way (direction, pages, start, ending)
    WHERE NOT path.is_bot OR path.site_id NOT IN (SELECT site_id FROM sites_without_bots)
),
all_steps AS (
    SELECT
        site_id, local_date, direction, stop.step_number,
        if(stop.step_number = 1, start, stops[stop.step_number - 1]) AS from_page, stop.to_page,
        stop.step_number = cardinality(stops) AS is_end,
        count(*) AS session_count, count_if(conversion_count > 0) AS converted_session_count
    FROM walks
    CROSS JOIN unnest(stops) WITH ORDINALITY AS stop (to_page, step_number)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
totals AS (
    SELECT
        *,
        sum(session_count) OVER (PARTITION BY site_id, local_date, direction, step_number, from_page)
            AS leaving_count,
        sum(session_count) OVER (
            PARTITION BY site_id, local_date, direction, step_number, is_end, to_page
        ) AS coming_count
    FROM all_steps
),
-- Whoever comes to a page leaves it by the next step, so both ends of it have the page's rank.
ranks AS (
    SELECT
        *,
        dense_rank() OVER (
            PARTITION BY site_id, local_date, direction, step_number
            ORDER BY leaving_count DESC, from_page
        ) AS from_rank,
        dense_rank() OVER (
            PARTITION BY site_id, local_date, direction, step_number
            ORDER BY is_end, coming_count DESC, to_page
        ) AS to_rank
    FROM totals
),
path_steps AS (
    SELECT
        site_id, local_date, direction, step_number,
        if(from_rank <= ${paths_pages_per_step}, from_page, ${paths_other}) AS from_page,
        if(is_end OR to_rank <= ${paths_pages_per_step}, to_page, ${paths_other}) AS to_page,
        sum(session_count) AS session_count,
        sum(converted_session_count) AS converted_session_count
    FROM ranks
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT
    site_id, local_date, direction, step_number, from_page, to_page, session_count,
    converted_session_count
FROM path_steps
