-- One row = what a run's surplus copies look like.
-- In:     web.surplus_events, web.events as of the restatement's snapshot
-- Rules:  delivery.max_age_hours
-- Owner:  analytics
WITH copies AS (
    SELECT
        event.event_id, count(*) AS copy_count,
        count(surplus.event_id) AS surplus_count, bool_or(surplus.run_id = :run_id) AS is_of_run
    FROM lake.web.events FOR VERSION AS OF ${events_snapshot} AS event
    LEFT JOIN lake.web.surplus_events AS surplus
        ON surplus.site_id = event.site_id
        AND surplus.topic_id = event.topic_id
        AND surplus.topic_partition = event.topic_partition
        AND surplus.topic_offset = event.topic_offset
    WHERE event.site_id = :site_id
        AND event.event_at >= :read_from - INTERVAL '${max_age_hours}' HOUR
        AND event.event_at < :read_until + INTERVAL '${max_age_hours}' HOUR
    GROUP BY event.event_id
)
SELECT count_if(is_of_run AND surplus_count <> copy_count - 1) AS surplus_of_nothing_count
FROM copies
