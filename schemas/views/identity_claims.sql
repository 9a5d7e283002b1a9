-- One row = one anonymous id that the site has said to be one user, by identify or alias.
-- In:      analytics.identity_calls
-- Columns: identity
-- Column claimed_at: When it was first said.
-- Column user_count: Users the id has been said to be. Above 1 nobody is merged: see identity_conflicts.
-- Column is_user: The id is another user's own: two known users are never merged.
-- Day:     none
-- Owner:   analytics
WITH known_users AS (
    SELECT DISTINCT site_id, user_id
    FROM lake.analytics.identity_calls
    WHERE kind = 'identify'
),
told AS (
    SELECT
        site_id, if(kind = 'alias', previous_id, visitor_id) AS visitor_id, user_id,
        min(event_at) AS claimed_at
    FROM lake.analytics.identity_calls
    WHERE kind IN ('identify', 'alias') AND user_id IS NOT NULL
    GROUP BY site_id, if(kind = 'alias', previous_id, visitor_id), user_id
),
claims AS (
    SELECT
        told.site_id, told.visitor_id, told.user_id, told.claimed_at,
        count(*) OVER (PARTITION BY told.site_id, told.visitor_id) AS user_count,
        other.user_id IS NOT NULL AND told.visitor_id <> told.user_id AS is_user
    FROM told
    LEFT JOIN known_users AS other
        ON other.site_id = told.site_id AND other.user_id = told.visitor_id
    WHERE told.visitor_id IS NOT NULL
)
SELECT site_id, visitor_id, user_id, claimed_at, user_count, is_user FROM claims
