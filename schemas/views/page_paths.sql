-- One row = the way of one session through pages: the first ones and the last ones.
-- In:      analytics.session_pages
-- Columns: restated_session
-- Column pages: The first paths.max_steps pages, in order.
-- Column last_pages: The last paths.max_steps pages, the very last one first.
-- Column page_count: Number of pages in order, reloads left out; more than in pages if it is above paths.max_steps.
-- Column path: The first pages as text, ending with paths.more if the session has more.
-- Column is_restated: True if a restatement of its day wrote the session.
-- Rules:   paths.max_steps, separator, more
-- Day:     started_date
-- Owner:   analytics
WITH ways AS (
    SELECT
        site_id, session_id, visitor_id, user_id, started_at, started_date, conversion_count,
        revenue_usd_amount, source, medium, campaign, channel, country, device, is_bot, is_open,
        is_restated, count(*) AS page_count,
        min_by(page, place, ${paths_max_steps}) AS pages,
        max_by(page, place, ${paths_max_steps}) AS last_pages
    FROM lake.analytics.session_pages
    GROUP BY
        site_id, session_id, visitor_id, user_id, started_at, started_date, conversion_count,
        revenue_usd_amount, source, medium, campaign, channel, country, device, is_bot, is_open,
        is_restated
),
page_paths AS (
    SELECT
        *,
        array_join(pages, ${paths_separator}) || if(
            page_count > ${paths_max_steps}, ${paths_separator} || ${paths_more}, ''
        ) AS path
    FROM ways
)
SELECT
    site_id, session_id, visitor_id, user_id, started_at, started_date, pages, last_pages,
    page_count, path, conversion_count, revenue_usd_amount, source, medium, campaign, channel,
    country, device, is_bot, is_open, is_restated
FROM page_paths
