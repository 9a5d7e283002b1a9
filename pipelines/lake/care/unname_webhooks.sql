-- One row = one webhook of a payment vendor that named an erased visitor: it stays, of nobody.
-- In:     web.events
-- Out:    the same table
-- Owner:  data-engineering
UPDATE lake.web.events
SET properties = regexp_replace(properties, :named, '$$1null')
WHERE site_id = :site_id AND sender = 'webhook' AND regexp_like(properties, :named)
