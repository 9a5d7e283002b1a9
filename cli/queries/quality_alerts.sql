-- One row = a site with findings in the events of its last days.
-- In:    analytics.quality_findings
-- Rules: alerts.quality_days (the parameter)
-- Owner: data-engineering
SELECT site_id, count(*) AS findings
FROM lake.analytics.quality_findings
WHERE local_date >= date_add('day', -?, current_date)
GROUP BY site_id
ORDER BY site_id
