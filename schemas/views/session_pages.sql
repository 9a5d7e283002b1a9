-- One row = one page of a session, in the order of the session; a reload is none of its own.
-- In:      analytics.sessions, analytics.page_views
-- Columns: restated_session, event_row
-- Column page: Path of the page, or paths.no_page where the page view did not tell it.
-- Column place: Order among the session's events: time, seq, offset, topic and partition.
-- Column is_restated: True if a restatement of its day wrote the session.
-- Rules:   paths.is_repeat_a_step, no_page; sessions.session_senders
-- Owner:   analytics
WITH page_views AS (
    SELECT
        site_id, visitor_id, event_id, event_at, coalesce(page_path, ${paths_no_page}) AS page,
        -- A column of a view needs names within it.
        CAST(
            ROW(event_at, coalesce(seq, -1), topic_offset, topic_id, topic_partition) AS row(
                event_at timestamp(6) with time zone, seq integer, topic_offset bigint,
                topic_id varchar, topic_partition integer
            )
        ) AS place
    FROM lake.analytics.page_views
    WHERE visitor_id IS NOT NULL AND sender IN (${session_senders}) AND NOT is_flood
),
views_of_sessions AS (
    SELECT
        session.*, page_view.event_id, page_view.event_at, page_view.page, page_view.place,
        lag(page_view.page) OVER (
            -- The day is that of the session: named here, so that a question about days reads only those.
            PARTITION BY session.site_id, session.started_date, session.session_id
            ORDER BY page_view.place
        ) AS page_before
    FROM lake.analytics.sessions AS session
    -- Sessions of a visitor never overlap, so a page view lies in one of them at most.
    JOIN page_views AS page_view
        ON page_view.site_id = session.site_id
        AND page_view.visitor_id = session.visitor_id
        AND page_view.event_at >= session.started_at
        AND page_view.event_at <= session.ended_at
),
session_pages AS (
    SELECT *
    FROM views_of_sessions
    WHERE ${paths_is_repeat_a_step} OR page_before IS DISTINCT FROM page
)
SELECT
    site_id, session_id, visitor_id, user_id, started_at, ended_at, started_date, event_id,
    event_at, page, place, conversion_count, revenue_usd_amount, source, medium, campaign, channel,
    country, device, is_bot, is_open, is_restated
FROM session_pages
