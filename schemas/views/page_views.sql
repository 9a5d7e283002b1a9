-- One row = one page view.
-- In:      analytics.events
-- Columns: event_row
-- Day:     event_date
-- Owner:   analytics
WITH page_views AS (
    SELECT ${event_columns}
    FROM lake.analytics.events
    WHERE event_name = 'page_view'
)
SELECT ${event_columns} FROM page_views
