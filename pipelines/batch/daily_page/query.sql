-- One row = one page on a restated day, and one for what happened on no page.
-- In:     counted_events.sql, web.sessions_restated
-- Owner:  analytics
INSERT INTO lake.web.daily_page (${daily_page_columns})
WITH page_loads AS (
    -- Scroll depths are reported over and over: the deepest of a page view counts.
    SELECT
        local_date, page_path, visitor_id, bool_or(makes_session) AS makes_session,
        count(*) AS event_count, count_if(event_name = 'page_view') AS page_view_count,
        sum(engaged_ms) AS engaged_ms, max(scroll_percent) AS scroll_percent,
        count_if(is_conversion) AS conversion_count,
        sum(revenue_usd_amount) AS revenue_usd_amount
    FROM (
        ${counted_events}
    )
    WHERE contains(:dates, local_date)
    GROUP BY local_date, page_path, visitor_id, page_view_id
),
pages AS (
    SELECT
        local_date, page_path,
        count(DISTINCT visitor_id) FILTER (WHERE makes_session) AS visitor_count,
        sum(page_view_count) AS page_view_count, sum(event_count) AS event_count,
        sum(engaged_ms) AS engaged_ms, count(scroll_percent) AS scrolled_view_count,
        sum(scroll_percent) AS sum_scroll_percent, max(scroll_percent) AS max_scroll_percent,
        sum(conversion_count) AS conversion_count, sum(revenue_usd_amount) AS revenue_usd_amount
    FROM page_loads
    GROUP BY local_date, page_path
),
-- One row = one session at the page it entered by (bounced there or not), or left by.
ends AS (
    SELECT session.started_date AS local_date, page.*
    FROM lake.web.sessions_restated AS session
    CROSS JOIN unnest(
        ARRAY[session.entry_page, session.exit_page], ARRAY[1, 0], ARRAY[0, 1],
        ARRAY[if(session.is_bounce, 1, 0), 0]
    ) AS page (page_path, entry_count, exit_count, bounce_count)
    WHERE session.site_id = :site_id AND session.run_id = :run_id
),
-- TRICKY: not a full join: a page without a path is one too, and null joins nothing.
parts AS (
    SELECT *, 0 AS entry_count, 0 AS exit_count, 0 AS bounce_count FROM pages
    UNION ALL
    SELECT
        local_date, page_path, 0, 0, 0, 0, 0, 0, NULL, 0, 0,
        sum(entry_count), sum(exit_count), sum(bounce_count)
    FROM ends
    GROUP BY local_date, page_path
),
totals AS (
    SELECT
        :site_id AS site_id, local_date, :run_id AS run_id, page_path,
        sum(visitor_count) AS visitor_count, sum(page_view_count) AS page_view_count,
        sum(event_count) AS event_count, sum(entry_count) AS entry_count,
        sum(exit_count) AS exit_count, sum(bounce_count) AS bounce_count,
        coalesce(sum(engaged_ms), 0) AS engaged_ms,
        sum(scrolled_view_count) AS scrolled_view_count,
        coalesce(sum(sum_scroll_percent), 0) AS sum_scroll_percent,
        max(max_scroll_percent) AS max_scroll_percent, sum(conversion_count) AS conversion_count,
        CAST(coalesce(sum(revenue_usd_amount), DECIMAL '0') AS decimal(18, 4))
            AS revenue_usd_amount
    FROM parts
    GROUP BY local_date, page_path
)
SELECT ${daily_page_columns} FROM totals
