-- One row = one conversion, and the pages that led to it: in its own session, and in all sessions
-- that began within the lookback.
-- In:      analytics.events, analytics.session_pages, web.sites
-- Columns: event_row
-- Column session_id: The session the conversion lies in; null for one that a server reported, and without a page before it.
-- Column page_count: Pages of that session up to the conversion.
-- Column pages: The last paths.max_steps of them, in order; empty without a page.
-- Column path: They as text, beginning with paths.more if there were more.
-- Column journey_session_count: Sessions of the visitor with a page, begun within the lookback.
-- Column journey_page_count: Pages of all of these up to the conversion.
-- Column journey_pages: The last paths.max_steps of them, in order.
-- Column journey_path: They as text, beginning with paths.more if there were more.
-- Rules:   paths.max_steps, separator, more; attribution.lookback_days (the longest); a site's exclude_bots
-- Day:     event_date
-- Owner:   analytics
WITH sites_without_bots AS (
    SELECT site_id
    FROM lake.web.sites
    GROUP BY site_id
    HAVING max_by(exclude_bots, mirrored_at)
),
conversions AS (
    SELECT
        *, ROW(event_at, coalesce(seq, -1), topic_offset, topic_id, topic_partition) AS place,
        sender IN (${session_senders}) AND NOT is_flood AS has_session
    FROM lake.analytics.events
    WHERE is_conversion
        AND visitor_id IS NOT NULL
        AND (NOT is_bot OR site_id NOT IN (SELECT site_id FROM sites_without_bots))
),
-- A page after the conversion did not lead to it.
pages_before AS (
    SELECT
        conversion.site_id, conversion.event_id, page.session_id, page.page, page.place,
        conversion.has_session AND conversion.event_at <= page.ended_at AS is_own
    FROM conversions AS conversion
    JOIN lake.analytics.session_pages AS page
        ON page.site_id = conversion.site_id
        AND page.visitor_id = conversion.visitor_id
        AND page.started_at
            >= conversion.event_at - INTERVAL '${attribution_lookback_days}' DAY
        AND page.place <= conversion.place
),
journeys AS (
    SELECT
        site_id, event_id,
        arbitrary(session_id) FILTER (WHERE is_own) AS session_id,
        count_if(is_own) AS page_count,
        reverse(max_by(page, place, ${paths_max_steps}) FILTER (WHERE is_own)) AS pages,
        count(DISTINCT session_id) AS journey_session_count,
        count(*) AS journey_page_count,
        reverse(max_by(page, place, ${paths_max_steps})) AS journey_pages
    FROM pages_before
    GROUP BY site_id, event_id
),
told AS (
    SELECT
        conversion.*, journey.session_id,
        coalesce(journey.page_count, 0) AS page_count,
        coalesce(journey.pages, ARRAY[]) AS pages,
        coalesce(journey.journey_session_count, 0) AS journey_session_count,
        coalesce(journey.journey_page_count, 0) AS journey_page_count,
        coalesce(journey.journey_pages, ARRAY[]) AS journey_pages
    FROM conversions AS conversion
    LEFT JOIN journeys AS journey
        ON journey.site_id = conversion.site_id AND journey.event_id = conversion.event_id
),
conversion_page_paths AS (
    SELECT
        *,
        if(page_count > ${paths_max_steps}, ${paths_more} || ${paths_separator}, '')
            || array_join(pages, ${paths_separator}) AS path,
        if(journey_page_count > ${paths_max_steps}, ${paths_more} || ${paths_separator}, '')
            || array_join(journey_pages, ${paths_separator}) AS journey_path
    FROM told
)
SELECT
    site_id, event_id, event_name, event_at, event_date, visitor_id, user_id, session_id,
    page_count, pages, path, journey_session_count, journey_page_count, journey_pages,
    journey_path, revenue_amount, currency, revenue_usd_amount, sender, is_bot
FROM conversion_page_paths
