-- One row = one restated day that has conversions.
-- In:     web.conversions
-- Owner:  analytics
SELECT DISTINCT local_date
FROM lake.web.conversions
WHERE site_id = :site_id AND run_id = :run_id
ORDER BY local_date
