-- One row = one person as far as the site has told: a user with all browsers they are known on, or
-- a visitor whom nobody has named. Read from facts each time: a fact more or less merges or parts.
-- In:      analytics.sessions, analytics.person_visitors
-- Columns: session
-- Column person_id: The user's id, or the visitor's where nobody has named them.
-- Column is_known: True if person_id is a user's.
-- Column display_name: A friendly name, always the same for a person_id; not unique.
-- Column visitor_count: Browsers and devices, by visitor_id.
-- Column first_seen_at: When the person's first session began.
-- Column last_seen_at: When the last one ended.
-- Column session_count: Sessions of all of them.
-- Column page_view_count: Page views in these.
-- Column conversion_count: Conversions in these.
-- Column revenue_usd_amount: Revenue of these in US dollars.
-- Rules:   names
-- Day:     none
-- Owner:   analytics
WITH visits AS (
    SELECT
        session.*, coalesce(owner.user_id, session.visitor_id) AS person_id,
        owner.user_id IS NOT NULL AS is_known
    FROM lake.analytics.sessions AS session
    LEFT JOIN lake.analytics.person_visitors AS owner
        ON owner.site_id = session.site_id AND owner.visitor_id = session.visitor_id
),
persons AS (
    SELECT
        site_id, person_id, is_known,
        count(DISTINCT visitor_id) AS visitor_count,
        min(started_at) AS first_seen_at,
        max(ended_at) AS last_seen_at,
        count(*) AS session_count,
        sum(page_view_count) AS page_view_count,
        sum(conversion_count) AS conversion_count,
        sum(revenue_usd_amount) AS revenue_usd_amount
    FROM visits
    GROUP BY site_id, person_id, is_known
)
SELECT
    site_id, person_id, is_known, ${display_name} AS display_name, visitor_count, first_seen_at,
    last_seen_at, session_count, page_view_count, conversion_count, revenue_usd_amount
FROM persons
