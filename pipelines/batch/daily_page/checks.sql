-- One row = what the pages of a run look like beside its totals.
-- In:     web.daily_page, web.daily_site
-- Owner:  analytics
WITH days AS (
    SELECT sum(page_view_count) AS page_view_count, sum(session_count) AS session_count
    FROM lake.web.daily_site
    WHERE site_id = :site_id AND run_id = :run_id
),
pages AS (
    SELECT
        coalesce(sum(page_view_count), 0) AS page_view_count,
        coalesce(sum(entry_count), 0) AS entry_count, coalesce(sum(exit_count), 0) AS exit_count
    FROM lake.web.daily_page
    WHERE site_id = :site_id AND run_id = :run_id
)
SELECT
    days.page_view_count - pages.page_view_count AS lost_page_view_count,
    days.session_count - pages.entry_count AS lost_entry_count,
    days.session_count - pages.exit_count AS lost_exit_count
FROM days
CROSS JOIN pages
