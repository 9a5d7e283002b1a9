-- One row = the site's own rules of channels as mirrored last.
-- In:     web.sites
-- Owner:  analytics
SELECT max_by(channel_rules, mirrored_at) AS channel_rules
FROM lake.web.sites
WHERE site_id = :site_id
