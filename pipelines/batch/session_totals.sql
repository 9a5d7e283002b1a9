-- One row = nothing of its own: what sessions of one kind add up to, one list wherever it is needed.
-- In:     rows of web.sessions_restated, grouped by kind
-- Owner:  analytics
count(DISTINCT visitor_id) AS visitor_count,
count(DISTINCT visitor_id) FILTER (WHERE is_new_visitor) AS new_visitor_count,
count(*) AS session_count,
count_if(is_bounce) AS bounce_count,
sum(duration_ms) AS session_duration_ms,
sum(page_view_count) AS page_view_count,
sum(event_count) AS event_count,
sum(engaged_ms) AS engaged_ms,
count_if(conversion_count > 0) AS converted_session_count,
sum(conversion_count) AS conversion_count,
sum(order_count) AS order_count,
CAST(sum(revenue_usd_amount) AS decimal(18, 4)) AS revenue_usd_amount,
sum(checkout_count) AS checkout_count,
sum(form_submit_count) AS form_submit_count,
sum(click_count) AS click_count
