-- One row = one row of a view that is of the site.
-- In:     analytics.${view}
-- Out:    an export
-- Params: :site_id
-- Owner:  data-engineering
SELECT * FROM lake.analytics.${view} WHERE site_id = :site_id
