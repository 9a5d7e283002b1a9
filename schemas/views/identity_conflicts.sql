-- One row = one anonymous id, or user, that the site has said to be a user and that is merged with
-- nobody, with the reason.
-- In:      analytics.identity_claims
-- Columns: identity
-- Column reason: shared: several people use one browser. two_users: an alias between two known users.
-- Column claimed_at: When it was first said.
-- Day:     none
-- Owner:   analytics
SELECT
    site_id, visitor_id, user_id, if(is_user, 'two_users', 'shared') AS reason, claimed_at
FROM lake.analytics.identity_claims
WHERE is_user OR user_count > 1
