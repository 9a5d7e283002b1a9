-- One row = something in the events of a closed day of the site that somebody should look at.
-- In:     analytics.quality_findings
-- Owner:  analytics
WITH findings AS (
    SELECT local_date, event_name, property_name, finding, found, usual
    FROM analytics.quality_findings
    WHERE site_id = ? AND local_date BETWEEN ? AND ?
)
SELECT local_date, event_name, property_name, finding, found, usual
FROM findings
ORDER BY local_date DESC, event_name, property_name, finding
