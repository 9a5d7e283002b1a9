-- One row = one visitor that was seen as a user, and how many users it was.
-- In:    analytics.identity_claims, analytics.events
-- Out:   ?: site, site, user
-- Owner: data-engineering
WITH named AS (
    SELECT visitor_id, user_id
    FROM lake.analytics.identity_claims
    WHERE site_id = ?
    UNION
    SELECT visitor_id, user_id
    FROM lake.analytics.events
    WHERE site_id = ? AND visitor_id IS NOT NULL AND user_id IS NOT NULL
)
SELECT visitor_id, count(*) AS user_count
FROM named
GROUP BY visitor_id
HAVING bool_or(user_id = ?)
ORDER BY visitor_id
