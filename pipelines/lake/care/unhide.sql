-- One row = one visitor, or user, of an erasure whose last copy has gone: their ids go, too.
-- In:     web.erasures
-- Out:    the same table without it
-- Owner:  data-engineering
DELETE FROM lake.web.erasures WHERE erasure_id = :erasure_id
