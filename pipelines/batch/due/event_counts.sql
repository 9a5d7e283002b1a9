-- One row = one local date of a site and the number of its events, surplus copies included.
-- In:     web.events as of the restatement's snapshot
-- Owner:  analytics
SELECT CAST(at_timezone(event_at, :zone) AS date) AS local_date, count(*) AS event_count
FROM lake.web.events FOR VERSION AS OF ${events_snapshot}
WHERE site_id = :site_id AND event_at >= :counted_from AND event_at < :counted_until
GROUP BY 1
