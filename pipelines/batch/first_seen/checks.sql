-- One row = what the sightings of a run look like.
-- In:     web.first_seen
-- Owner:  analytics
WITH visitors AS (
    SELECT
        visitor_id, min(first_seen_at) AS known_at,
        min(first_seen_at) FILTER (WHERE run_id = :run_id) AS added_at
    FROM lake.web.first_seen
    WHERE site_id = :site_id
    GROUP BY visitor_id
)
SELECT count_if(added_at > known_at) AS later_sighting_count FROM visitors
