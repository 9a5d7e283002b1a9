-- One row = how many events of one imported file are in the table, by local date of the site.
-- In:    web.events; event ids of a file share their beginning; the time bounds prune files
-- Owner: data-engineering
SELECT event_date, count(DISTINCT event_id) AS event_count
FROM lake.web.events
WHERE
    site_id = ?
    AND event_at >= from_iso8601_timestamp(?)
    AND event_at <= from_iso8601_timestamp(?)
    AND starts_with(event_id, ?)
GROUP BY event_date
ORDER BY event_date
