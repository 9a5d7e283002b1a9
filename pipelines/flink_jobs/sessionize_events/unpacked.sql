-- One row = the sums of one session, what was packed behind `place` without it.
-- Owner:  data-engineering
    site_id,
    visitor_id,
    first_ms,
    last_ms,
    event_count,
    page_view_count,
    conversion_count,
    interactive_count,
    revenue_usd_amount,
    engaged_ms,
    max_scroll_percent,
    new_visitor_hint,
    SUBSTRING(first_touch, 46) AS opened,
    SUBSTRING(last_touch, 46) AS touched,
    SUBSTRING(first_page, 46) AS entry,
    SUBSTRING(last_page, 46) AS exit_view,
    SUBSTRING(known_user, 46) AS user_id
