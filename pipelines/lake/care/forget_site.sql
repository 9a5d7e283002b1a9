-- One row = one row of a site that is older than the site keeps.
-- Out:    the same table without it: whole days, which nobody writes any more
-- Owner:  data-engineering
DELETE FROM lake.web.${table} WHERE site_id = :site_id AND ${time_column} < :keep_from
