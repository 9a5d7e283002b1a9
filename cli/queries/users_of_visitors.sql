-- One row = one user that one of the visitors was seen as.
-- In:    analytics.identity_claims, analytics.events
-- Out:   ?: site, visitors, site, visitors
-- Owner: data-engineering
SELECT visitor_id, user_id
FROM lake.analytics.identity_claims
WHERE site_id = ? AND contains(?, visitor_id)
UNION
SELECT visitor_id, user_id
FROM lake.analytics.events
WHERE site_id = ? AND contains(?, visitor_id) AND user_id IS NOT NULL
