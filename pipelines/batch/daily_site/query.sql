-- One row = the totals of one restated day, zeros where nothing happened.
-- In:     counted_events.sql, web.visitor_days, web.sessions_restated
-- Owner:  analytics
INSERT INTO lake.web.daily_site (${daily_site_columns})
WITH days AS (
    SELECT local_date FROM unnest(CAST(:dates AS array(date))) AS day (local_date)
),
visitors AS (
    SELECT
        local_date, count(*) AS visitor_count, count_if(is_new_visitor) AS new_visitor_count
    FROM lake.web.visitor_days
    WHERE site_id = :site_id AND run_id = :run_id
    GROUP BY local_date
),
sessions AS (
    SELECT
        started_date, count(*) AS session_count, count_if(is_bounce) AS bounce_count,
        sum(duration_ms) AS session_duration_ms,
        sum(page_view_count) AS session_page_view_count
    FROM lake.web.sessions_restated
    WHERE site_id = :site_id AND run_id = :run_id
    GROUP BY started_date
),
events AS (
    SELECT
        local_date, count(*) AS event_count,
        count_if(event_name = 'page_view') AS page_view_count,
        sum(engaged_ms) AS engaged_ms, count_if(is_conversion) AS conversion_count,
        sum(revenue_usd_amount) AS revenue_usd_amount, count_if(is_late) AS late_event_count
    FROM (
        ${counted_events}
    )
    WHERE contains(:dates, local_date)
    GROUP BY local_date
),
totals AS (
    SELECT
        :site_id AS site_id, days.local_date, :run_id AS run_id,
        coalesce(visitor_count, 0) AS visitor_count,
        coalesce(new_visitor_count, 0) AS new_visitor_count,
        coalesce(session_count, 0) AS session_count,
        coalesce(page_view_count, 0) AS page_view_count,
        coalesce(event_count, 0) AS event_count,
        coalesce(bounce_count, 0) AS bounce_count,
        coalesce(session_duration_ms, 0) AS session_duration_ms,
        coalesce(session_page_view_count, 0) AS session_page_view_count,
        coalesce(engaged_ms, 0) AS engaged_ms,
        coalesce(conversion_count, 0) AS conversion_count,
        CAST(coalesce(revenue_usd_amount, DECIMAL '0') AS decimal(18, 4)) AS revenue_usd_amount,
        coalesce(late_event_count, 0) AS late_event_count
    FROM days
    LEFT JOIN visitors ON visitors.local_date = days.local_date
    LEFT JOIN sessions ON sessions.started_date = days.local_date
    LEFT JOIN events ON events.local_date = days.local_date
)
SELECT ${daily_site_columns} FROM totals
