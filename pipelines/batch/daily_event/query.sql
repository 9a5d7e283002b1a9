-- One row = the events of one name on a restated day.
-- In:     counted_events.sql; web.events as of the restatement's snapshot, web.surplus_events
-- Owner:  analytics
INSERT INTO lake.web.daily_event (${daily_event_columns})
WITH counted AS (
    SELECT
        local_date, event_name, count(*) AS event_count,
        count(DISTINCT visitor_id) AS visitor_count,
        count_if(is_late AND sender <> 'import') AS late_event_count,
        count_if(is_bot) AS bot_event_count, count_if(is_flood) AS flood_event_count,
        0 AS surplus_event_count
    FROM (
        ${counted_events}
    )
    WHERE contains(:dates, local_date)
    GROUP BY local_date, event_name
),
copies AS (
    SELECT CAST(at_timezone(copy.event_at, :zone) AS date) AS local_date, copy.event_name
    FROM lake.web.events FOR VERSION AS OF ${events_snapshot} AS copy
    JOIN lake.web.surplus_events AS surplus
        ON surplus.site_id = copy.site_id
        AND surplus.topic_id = copy.topic_id
        AND surplus.topic_partition = copy.topic_partition
        AND surplus.topic_offset = copy.topic_offset
    WHERE copy.site_id = :site_id
        AND copy.event_at >= :read_from
        AND copy.event_at < :read_until
),
-- TRICKY: not a join: the copy that counts may lie on another day.
parts AS (
    SELECT * FROM counted
    UNION ALL
    SELECT local_date, event_name, 0, 0, 0, 0, 0, count(*)
    FROM copies
    WHERE contains(:dates, local_date)
    GROUP BY local_date, event_name
),
totals AS (
    SELECT
        :site_id AS site_id, local_date, :run_id AS run_id, event_name,
        sum(event_count) AS event_count, sum(visitor_count) AS visitor_count,
        sum(late_event_count) AS late_event_count, sum(bot_event_count) AS bot_event_count,
        sum(flood_event_count) AS flood_event_count,
        sum(surplus_event_count) AS surplus_event_count
    FROM parts
    GROUP BY local_date, event_name
)
SELECT ${daily_event_columns} FROM totals
