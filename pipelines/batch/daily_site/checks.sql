-- One row = what the totals of a run look like.
-- In:     web.daily_site
-- Owner:  analytics
SELECT
    cardinality(CAST(:dates AS array(date))) - count(*) AS missing_day_count,
    count_if(bounce_count > session_count) AS impossible_bounce_count,
    count_if(new_visitor_count > visitor_count) AS impossible_new_visitor_count
FROM lake.web.daily_site
WHERE site_id = :site_id AND run_id = :run_id
