-- One row = the event, once the view of events shows it.
-- In:    analytics.events; the time bound keeps the scan to today's files
-- Owner: data-engineering
SELECT event_at
FROM lake.analytics.events
WHERE site_id = ? AND event_id = ? AND event_at > current_timestamp - INTERVAL '1' HOUR
