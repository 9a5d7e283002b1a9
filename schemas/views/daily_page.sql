-- One row = one page on a local day of a site, as its counting restatement found it.
-- In:      web.daily_page, analytics.day_runs
-- Columns: daily_page, day_run
-- Column bounce_rate: Share of the sessions that entered here and bounced; null without one.
-- Column average_engaged_ms: Mean engaged time of a page view; null without one.
-- Column average_scroll_percent: Mean of the deepest scroll of the page views that told it; null without one.
-- Day:     local_date
-- Owner:   analytics
WITH counting_days AS (
    SELECT
        ${daily_page_columns}, is_open,
        CAST(bounce_count AS double) / nullif(entry_count, 0) AS bounce_rate,
        CAST(engaged_ms AS double) / nullif(page_view_count, 0) AS average_engaged_ms,
        CAST(sum_scroll_percent AS double) / nullif(scrolled_view_count, 0) AS average_scroll_percent
    FROM (
        SELECT page.*, day.is_open
        FROM lake.web.daily_page AS page
        JOIN lake.analytics.day_runs AS day
            ON day.site_id = page.site_id
            AND day.local_date = page.local_date
            AND day.run_id = page.run_id
    )
)
SELECT ${daily_page_columns}, is_open, bounce_rate, average_engaged_ms, average_scroll_percent FROM counting_days
