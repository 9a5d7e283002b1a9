-- One row = one group of the last 30 minutes: all, the last 5, a minute, a page, a source, a country.
-- In:     analytics.events
-- Rules:  sessions.session_senders
-- Owner:  analytics
WITH recent AS (
    SELECT
        CASE WHEN sender IN (${session_senders}) AND NOT is_flood THEN visitor_id END AS person,
        event_name = 'page_view' AS is_page_view,
        event_at >= ? AS is_in_last_5,
        at_timezone(date_trunc('minute', event_at), 'UTC') AS minute,
        page_path,
        -- Of the visit, not of the event: a later page view of the same visit says nothing.
        first_value(source) OVER (
            PARTITION BY visitor_id ORDER BY event_at, coalesce(seq, -1)
        ) AS source,
        country
    FROM analytics.events
    WHERE site_id = ? AND event_at >= ? AND event_at < ? AND (NOT ? OR NOT is_bot)
),
groups AS (
    SELECT
        grouping(is_in_last_5, minute, page_path, source, country) AS kind,
        is_in_last_5, minute, page_path, source, country,
        count(DISTINCT person) AS visitors,
        count_if(is_page_view) AS page_views
    FROM recent
    GROUP BY GROUPING SETS ((), (is_in_last_5), (minute), (page_path), (source), (country))
)
SELECT kind, is_in_last_5, minute, coalesce(page_path, source, country) AS value, visitors, page_views
FROM groups
