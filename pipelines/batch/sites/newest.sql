-- One row = one site as mirrored last.
-- In:     web.sites
-- Owner:  analytics
WITH newest_rows AS (
    SELECT
        *, row_number() OVER (PARTITION BY site_id ORDER BY mirrored_at DESC) AS version
    FROM lake.web.sites
)
SELECT
    site_id, name, timezone, allowed_hosts, exclude_bots, retention_days, is_deleted,
    channel_rules
FROM newest_rows
WHERE version = 1
