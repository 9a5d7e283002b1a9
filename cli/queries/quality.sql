-- One row = something in the events of a closed day that somebody should look at.
-- In:    analytics.quality_findings
-- Owner: data-engineering
SELECT local_date, site_id, event_name, property_name, finding, found, usual
FROM lake.analytics.quality_findings
WHERE site_id = coalesce(?, site_id) AND local_date BETWEEN ? AND ?
ORDER BY local_date DESC, site_id, event_name, property_name, finding
