-- One row = one visitor that became one user, by the site's own identify calls.
-- In:      web.identities, web.surplus_events
-- Columns: identity
-- Column first_identified_at: When the visitor was first identified as this user.
-- Column last_identified_at: When the visitor was last identified as this user.
-- Column identify_count: Number of identify calls that said so.
-- Column visitor_user_count: Users the visitor has been. Above 1 several people share the browser, and nobody merges them.
-- Owner:   analytics
WITH calls AS (
    SELECT ${identity_columns}
    FROM lake.web.identities AS said
    WHERE kind = 'identify'
        AND NOT EXISTS (
            SELECT 1
            FROM lake.web.surplus_events AS surplus
            WHERE surplus.site_id = said.site_id
                AND surplus.topic_id = said.topic_id
                AND surplus.topic_partition = said.topic_partition
                AND surplus.topic_offset = said.topic_offset
        )
),
pairs AS (
    SELECT
        site_id, visitor_id, user_id,
        min(event_at) AS first_identified_at,
        max(event_at) AS last_identified_at,
        count(*) AS identify_count
    FROM calls
    GROUP BY site_id, visitor_id, user_id
),
identities AS (
    SELECT *, count(*) OVER (PARTITION BY site_id, visitor_id) AS visitor_user_count FROM pairs
)
SELECT
    site_id, visitor_id, user_id, first_identified_at, last_identified_at, identify_count,
    visitor_user_count
FROM identities
