-- One row = what the visitors of a run look like.
-- In:     web.visitor_days
-- Owner:  analytics
SELECT
    count(*) - count(DISTINCT ROW(local_date, visitor_id)) AS repeated_visitor_count
FROM lake.web.visitor_days
WHERE site_id = :site_id AND run_id = :run_id
