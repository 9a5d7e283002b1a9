-- One row = one fact of a payment vendor that named an erased visitor: it stays, of nobody.
-- In:     web.revenue_events
-- Out:    the same table
-- Owner:  data-engineering
UPDATE lake.web.revenue_events
SET client_reference_id = NULL
WHERE site_id = :site_id AND regexp_like(client_reference_id, :whole_name)
