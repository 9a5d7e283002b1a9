-- One row = what the friction of a run looks like.
-- In:     web.friction_restated
-- Owner:  analytics
SELECT
    count(*) - count(DISTINCT ROW(kind, event_id)) AS repeated_friction_count,
    count_if(last_at < event_at) AS backward_count
FROM lake.web.friction_restated
WHERE site_id = :site_id AND run_id = :run_id
