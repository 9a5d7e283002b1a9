-- One row = one visitor seen on one local day of a site: as restated, or as the events have it
-- for a day that may still change.
-- In:      web.visitor_days, analytics.day_runs, analytics.events, analytics.erasures
-- Columns: visitor_day
-- Column is_restated: True if the day has been restated and closed.
-- Rules:   sessions.session_senders
-- Day:     local_date
-- Owner:   analytics
WITH settled_days AS (
    SELECT site_id, local_date, run_id FROM lake.analytics.day_runs WHERE NOT is_open
),
restated_visitors AS (
    SELECT
        visitor.site_id, visitor.local_date, visitor.run_id, visitor.visitor_id,
        visitor.is_new_visitor, visitor.event_count, visitor.page_view_count,
        true AS is_restated
    FROM lake.web.visitor_days AS visitor
    JOIN settled_days AS day
        ON day.site_id = visitor.site_id
        AND day.local_date = visitor.local_date
        AND day.run_id = visitor.run_id
    WHERE NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = visitor.site_id AND erased.visitor_id = visitor.visitor_id
        )
),
unsettled_events AS (
    SELECT event.*
    FROM lake.analytics.events AS event
    WHERE event.visitor_id IS NOT NULL
        AND event.sender IN (${session_senders})
        AND NOT event.is_flood
        AND NOT EXISTS (
            SELECT 1 FROM settled_days AS day
            WHERE day.site_id = event.site_id AND day.local_date = event.event_date
        )
),
live_visitors AS (
    SELECT
        site_id, event_date AS local_date, CAST(NULL AS varchar) AS run_id, visitor_id,
        coalesce(bool_or(is_new_visitor_hint), false) AS is_new_visitor,
        count(*) AS event_count,
        count_if(event_name = 'page_view') AS page_view_count,
        false AS is_restated
    FROM unsettled_events
    GROUP BY site_id, event_date, visitor_id
),
visitors AS (
    SELECT * FROM restated_visitors
    UNION ALL
    SELECT * FROM live_visitors
)
SELECT
    site_id, local_date, run_id, visitor_id, is_new_visitor, event_count, page_view_count,
    is_restated
FROM visitors
