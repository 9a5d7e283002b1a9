-- One row = one visitor seen on one restated day.
-- In:     counted_events.sql, web.first_seen
-- Owner:  analytics
INSERT INTO lake.web.visitor_days
    (site_id, local_date, run_id, visitor_id, is_new_visitor, event_count, page_view_count)
WITH known AS (
    SELECT visitor_id, CAST(at_timezone(min(first_seen_at), :zone) AS date) AS first_date
    FROM lake.web.first_seen
    WHERE site_id = :site_id
    GROUP BY visitor_id
),
day_visitors AS (
    SELECT
        site_id, local_date, visitor_id, count(*) AS event_count,
        count_if(event_name = 'page_view') AS page_view_count
    FROM (
        ${counted_events}
    )
    WHERE makes_session AND contains(:dates, local_date)
    GROUP BY site_id, local_date, visitor_id
),
visitor_days AS (
    SELECT
        visitor.site_id, visitor.local_date, :run_id AS run_id, visitor.visitor_id,
        coalesce(known.first_date = visitor.local_date, false) AS is_new_visitor,
        visitor.event_count, visitor.page_view_count
    FROM day_visitors AS visitor
    LEFT JOIN known ON known.visitor_id = visitor.visitor_id
)
SELECT site_id, local_date, run_id, visitor_id, is_new_visitor, event_count, page_view_count
FROM visitor_days
