-- One row = what the conversions of a run look like.
-- In:     web.conversions
-- Owner:  analytics
SELECT count(*) - count(DISTINCT event_id) AS repeated_conversion_count
FROM lake.web.conversions
WHERE site_id = :site_id AND run_id = :run_id
