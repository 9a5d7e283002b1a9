-- One row = some events of one visitor, summed: of a session, or of a piece of one.
-- In:     marked_events
-- Owner:  data-engineering
    MIN(event_at) AS first_ms,
    MAX(event_at) AS last_ms,
    COUNT(*) AS event_count,
    SUM(CASE WHEN event_name = 'page_view' THEN 1 ELSE 0 END) AS page_view_count,
    SUM(CASE WHEN is_conversion THEN 1 ELSE 0 END) AS conversion_count,
    SUM(CASE WHEN is_interactive THEN 1 ELSE 0 END) AS interactive_count,
    SUM(COALESCE(revenue_usd_amount, 0)) AS revenue_usd_amount,
    SUM(CAST(COALESCE(engaged_ms, 0) AS BIGINT)) AS engaged_ms,
    MAX(scroll_percent) AS max_scroll_percent,
    MAX(CASE WHEN is_new_visitor_hint THEN 1 ELSE 0 END) AS new_visitor_hint,
    MIN(first_touch) AS first_touch,
    MAX(last_touch) AS last_touch,
    MIN(page) AS first_page,
    MAX(page) AS last_page,
    MAX(known_user) AS known_user
