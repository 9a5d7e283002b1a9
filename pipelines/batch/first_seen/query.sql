-- One row = one visitor seen earlier than known before; the smallest first_seen_at counts.
-- In:     counted_events.sql, web.first_seen
-- Owner:  analytics
INSERT INTO lake.web.first_seen (site_id, visitor_id, first_seen_at, run_id)
WITH sightings AS (
    SELECT visitor_id, min(event_at) AS first_seen_at
    FROM (
        ${counted_events}
    )
    WHERE makes_session AND contains(:dates, local_date)
    GROUP BY visitor_id
),
known AS (
    SELECT visitor_id, min(first_seen_at) AS first_seen_at
    FROM lake.web.first_seen
    WHERE site_id = :site_id
    GROUP BY visitor_id
),
earlier AS (
    SELECT
        :site_id AS site_id, sightings.visitor_id, sightings.first_seen_at, :run_id AS run_id
    FROM sightings
    LEFT JOIN known ON known.visitor_id = sightings.visitor_id
    WHERE known.first_seen_at IS NULL OR sightings.first_seen_at < known.first_seen_at
)
SELECT site_id, visitor_id, first_seen_at, run_id FROM earlier
