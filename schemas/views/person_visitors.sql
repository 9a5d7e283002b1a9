-- One row = one visitor that is one user, as far as the site has told: what merges browsers into
-- persons. A visitor that is not here is a person of their own.
-- In:      analytics.identity_claims
-- Columns: identity
-- Column claimed_at: When it was first said.
-- Day:     none
-- Owner:   analytics
SELECT site_id, visitor_id, user_id, claimed_at
FROM lake.analytics.identity_claims
WHERE user_count = 1 AND NOT is_user
