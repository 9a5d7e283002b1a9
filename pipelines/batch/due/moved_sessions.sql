-- One row = one restated day of whose sessions some meet rows of another day that its run has not seen.
-- In:     web.sessions_restated, web.friction_restated, `event_rows`, `runs`, `marks` of days.sql
-- Rules:  sessions.gap_minutes
-- Owner:  analytics
-- A row of a neighbouring day that a session of this day has not seen and would be joined by:
-- it opens earlier, ends later, moves to another day or merges.
SELECT unseen.site_id, unseen.local_date
FROM (
    SELECT event.site_id, event.visitor_id, event.event_at, runs.local_date, runs.run_id
    FROM event_rows AS event
    CROSS JOIN unnest(sequence(-2, 1)) AS shift (day_count)
    JOIN runs
        ON runs.site_id = event.site_id
        AND runs.local_date = date_add('day', shift.day_count, event.local_date)
    LEFT JOIN marks
        ON marks.site_id = event.site_id
        AND marks.local_date = runs.local_date
        AND marks.topic_id = event.topic_id
        AND marks.topic_partition = event.topic_partition
    WHERE event.makes_session AND event.topic_offset > coalesce(marks.topic_offset, -1)
) AS unseen
JOIN (
    SELECT site_id, started_date, run_id, visitor_id, started_at, ended_at
    FROM lake.web.sessions_restated
    UNION ALL
    -- Friction may begin on a day in a session of the day before.
    SELECT site_id, started_date, run_id, visitor_id, event_at, last_at
    FROM lake.web.friction_restated
) AS session
    ON session.site_id = unseen.site_id
    AND session.started_date = unseen.local_date
    AND session.run_id = unseen.run_id
    AND session.visitor_id = unseen.visitor_id
WHERE unseen.event_at
    BETWEEN session.started_at - INTERVAL '${session_gap_minutes}' MINUTE
    AND session.ended_at + INTERVAL '${session_gap_minutes}' MINUTE
UNION
-- A row of this day within the gap before midnight: a session that it begins takes rows of the next.
SELECT event.site_id, event.local_date
FROM event_rows AS event
JOIN runs ON runs.site_id = event.site_id AND runs.local_date = event.local_date
LEFT JOIN marks
    ON marks.site_id = event.site_id
    AND marks.local_date = event.local_date
    AND marks.topic_id = event.topic_id
    AND marks.topic_partition = event.topic_partition
WHERE event.makes_session
    AND event.reach_date > event.local_date
    AND event.topic_offset > coalesce(marks.topic_offset, -1)
