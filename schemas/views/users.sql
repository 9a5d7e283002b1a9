-- One row = one user, with what their visitors did before they were known. Anonymous events of a
-- visitor that was several users belong to none of them.
-- In:      analytics.events
-- Columns: event_row
-- Column first_seen_at: When the user, or a visitor that became the user and nobody else, was first seen.
-- Column first_known_at: When an event first named the user.
-- Column last_seen_at: When the user was last seen.
-- Column visitor_count: Browsers and devices the user was seen on, by visitor_id.
-- Column event_count: Number of the user's events, those before they were known included.
-- Column page_view_count: Number of page views among them.
-- Column conversion_count: Number of conversions among them.
-- Column revenue_usd_amount: Revenue of them in US dollars.
-- Day:     none
-- Owner:   analytics
WITH pairs AS (
    SELECT site_id, visitor_id, user_id
    FROM lake.analytics.events
    WHERE visitor_id IS NOT NULL AND user_id IS NOT NULL
    GROUP BY site_id, visitor_id, user_id
),
owners AS (
    SELECT site_id, visitor_id, min(user_id) AS user_id
    FROM pairs
    GROUP BY site_id, visitor_id
    HAVING count(*) = 1
),
acts AS (
    SELECT
        event.site_id, coalesce(event.user_id, owner.user_id) AS user_id, event.visitor_id,
        event.user_id IS NOT NULL AS is_named, event.event_at, event.event_name,
        event.is_conversion, event.revenue_usd_amount
    FROM lake.analytics.events AS event
    LEFT JOIN owners AS owner
        ON owner.site_id = event.site_id AND owner.visitor_id = event.visitor_id
),
users AS (
    SELECT
        site_id, user_id,
        min(event_at) AS first_seen_at,
        min(event_at) FILTER (WHERE is_named) AS first_known_at,
        max(event_at) AS last_seen_at,
        count(DISTINCT visitor_id) AS visitor_count,
        count(*) AS event_count,
        count_if(event_name = 'page_view') AS page_view_count,
        count_if(is_conversion) AS conversion_count,
        coalesce(sum(revenue_usd_amount), 0) AS revenue_usd_amount
    FROM acts
    WHERE user_id IS NOT NULL
    GROUP BY site_id, user_id
)
SELECT
    site_id, user_id, first_seen_at, first_known_at, last_seen_at, visitor_count, event_count,
    page_view_count, conversion_count, revenue_usd_amount
FROM users
