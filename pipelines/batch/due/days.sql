-- One row = one site-day that a restatement would change: nobody restated it yet, it was open
-- when read, or it is dirty (design.md 3, Day).
-- In:     web.events as of a snapshot, web.sites, analytics.day_runs, web.sessions_restated,
--         web.friction_restated, web.visitor_days, web.first_seen, web.surplus_events,
--         moved_sessions.sql, erased_rows.sql, changed_touches.sql
-- Rules:  sessions.gap_minutes, session_senders
-- Owner:  analytics
WITH sites AS (
    SELECT site_id, max_by(timezone, mirrored_at) AS timezone
    FROM lake.web.sites
    WHERE :site_id IS NULL OR site_id = :site_id
    GROUP BY site_id
),
runs AS (SELECT site_id, local_date, run_id, offsets, is_open FROM lake.analytics.day_runs),
marks AS (
    SELECT
        runs.site_id, runs.local_date, topic.topic_id, part.topic_offset,
        CAST(part.topic_partition AS integer) AS topic_partition
    FROM runs
    CROSS JOIN unnest(CAST(json_parse(runs.offsets) AS map(varchar, map(varchar, bigint))))
        AS topic (topic_id, partitions)
    CROSS JOIN unnest(topic.partitions) AS part (topic_partition, topic_offset)
),
event_rows AS (
    SELECT
        event.site_id, event.event_at, event.visitor_id, event.user_id, event.topic_id,
        event.topic_partition, event.topic_offset, CAST(at_timezone(event.event_at, sites.timezone) AS date) AS local_date,
        event.visitor_id IS NOT NULL
            AND event.sender IN (${session_senders})
            AND NOT event.is_flood AS makes_session,
        CAST(at_timezone(event.event_at + INTERVAL '${session_gap_minutes}' MINUTE, sites.timezone) AS date) AS reach_date
    FROM lake.web.events FOR VERSION AS OF ${events_snapshot} AS event
    JOIN sites ON sites.site_id = event.site_id
    WHERE event.record_kind = 'event'
),
newest_rows AS (
    SELECT site_id, local_date, topic_id, topic_partition, max(topic_offset) AS topic_offset
    FROM event_rows
    GROUP BY site_id, local_date, topic_id, topic_partition
),
days_with_unseen_rows AS (
    SELECT DISTINCT newest.site_id, newest.local_date
    FROM newest_rows AS newest
    LEFT JOIN marks
        ON marks.site_id = newest.site_id
        AND marks.local_date = newest.local_date
        AND marks.topic_id = newest.topic_id
        AND marks.topic_partition = newest.topic_partition
    WHERE newest.topic_offset > coalesce(marks.topic_offset, -1)
),
days_with_moved_sessions AS (
    ${days_with_moved_sessions}
),
first_dates AS (
    SELECT
        seen.site_id, seen.visitor_id,
        CAST(at_timezone(min(seen.first_seen_at), min(sites.timezone)) AS date) AS first_date
    FROM lake.web.first_seen AS seen
    JOIN sites ON sites.site_id = seen.site_id
    GROUP BY seen.site_id, seen.visitor_id
),
days_with_old_visitors_as_new AS (
    SELECT DISTINCT visitor.site_id, visitor.local_date
    FROM lake.web.visitor_days AS visitor
    JOIN runs
        ON runs.site_id = visitor.site_id
        AND runs.local_date = visitor.local_date
        AND runs.run_id = visitor.run_id
    JOIN first_dates
        ON first_dates.site_id = visitor.site_id AND first_dates.visitor_id = visitor.visitor_id
    WHERE visitor.is_new_visitor AND first_dates.first_date < visitor.local_date
),
-- A copy that counted when the day was restated, and no longer does.
days_with_new_surplus AS (
    SELECT DISTINCT runs.site_id, runs.local_date
    FROM lake.web.surplus_events AS surplus
    JOIN sites ON sites.site_id = surplus.site_id
    JOIN runs
        ON runs.site_id = surplus.site_id
        AND runs.local_date = CAST(at_timezone(surplus.event_at, sites.timezone) AS date)
    -- Run ids sort by time.
    WHERE surplus.run_id > runs.run_id
),
days_with_changed_touches AS (
    ${days_with_changed_touches}
),
open_days AS (
    SELECT runs.site_id, runs.local_date
    FROM runs
    JOIN sites ON sites.site_id = runs.site_id
    WHERE runs.is_open
),
reasons AS (
    SELECT site_id, local_date, 'unseen rows' AS reason FROM days_with_unseen_rows
    UNION ALL
    SELECT site_id, local_date, ${moved} AS reason FROM days_with_moved_sessions
    UNION ALL
    SELECT site_id, local_date, 'first seen elsewhere' AS reason FROM days_with_old_visitors_as_new
    UNION ALL
    SELECT site_id, local_date, 'new surplus' AS reason FROM days_with_new_surplus
    UNION ALL
    SELECT site_id, local_date, 'erased' AS reason FROM (${days_with_erased_rows})
    UNION ALL
    SELECT site_id, local_date, 'changed touches' AS reason FROM days_with_changed_touches
    UNION ALL
    SELECT site_id, local_date, 'open' AS reason FROM open_days
),
due_days AS (
    SELECT
        reasons.site_id, reasons.local_date, min(sites.timezone) AS zone,
        bool_or(runs.run_id IS NOT NULL) AS has_run,
        array_agg(DISTINCT reasons.reason) AS reasons
    FROM reasons
    JOIN sites ON sites.site_id = reasons.site_id
    LEFT JOIN runs
        ON runs.site_id = reasons.site_id AND runs.local_date = reasons.local_date
    GROUP BY reasons.site_id, reasons.local_date
)
SELECT site_id, local_date, zone, has_run, reasons FROM due_days
