-- One row = something in the events of these days that somebody should look at.
-- In:     analytics.quality_findings
-- Owner:  analytics
SELECT site_id, local_date, event_name, property_name, finding, found, usual
FROM lake.analytics.quality_findings
WHERE contains(:sites, site_id) AND contains(:dates, local_date)
ORDER BY site_id, local_date, event_name, property_name, finding
