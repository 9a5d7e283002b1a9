-- One row = one row of a view that is of the site and of the days. No order: sorting would hold
-- all of them in Trino's memory.
-- In:     analytics.${view}
-- Out:    an export
-- Params: :site_id, :first, :after_last
-- Owner:  data-engineering
SELECT *
FROM lake.analytics.${view}
WHERE site_id = :site_id AND ${day} >= :first AND ${day} < :after_last
