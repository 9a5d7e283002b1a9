-- One row = what a restatement needs to know of a site, as mirrored last.
-- In:     web.sites
-- Owner:  analytics
SELECT
    max_by(timezone, mirrored_at) AS zone,
    -- Null for a site without rules of its own: max_by takes the newest row, null or not.
    max_by(channel_rules, mirrored_at) AS channel_rules
FROM lake.web.sites
WHERE site_id = :site_id
GROUP BY site_id
