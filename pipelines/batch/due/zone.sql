-- One row = the zone of a site as mirrored last.
-- In:     web.sites
-- Owner:  analytics
SELECT max_by(timezone, mirrored_at) AS zone
FROM lake.web.sites
WHERE site_id = :site_id
GROUP BY site_id
