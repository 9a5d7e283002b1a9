-- One row = one visitor that became one user, by the site's own identify calls.
-- In:      analytics.identity_calls
-- Columns: identity
-- Column first_identified_at: When the visitor was first identified as this user.
-- Column last_identified_at: When the visitor was last identified as this user.
-- Column identify_count: Number of identify calls that said so.
-- Column visitor_user_count: Users the visitor has been. Above 1 several people share the browser, and nobody merges them.
-- Day:     none
-- Owner:   analytics
WITH pairs AS (
    SELECT
        site_id, visitor_id, user_id,
        min(event_at) AS first_identified_at,
        max(event_at) AS last_identified_at,
        count(*) AS identify_count
    FROM lake.analytics.identity_calls
    WHERE kind = 'identify'
    GROUP BY site_id, visitor_id, user_id
),
identities AS (
    SELECT *, count(*) OVER (PARTITION BY site_id, visitor_id) AS visitor_user_count FROM pairs
)
SELECT
    site_id, visitor_id, user_id, first_identified_at, last_identified_at, identify_count,
    visitor_user_count
FROM identities
