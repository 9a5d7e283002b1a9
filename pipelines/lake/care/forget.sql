-- One row = one row of the stream's books that is older than the table keeps.
-- Out:    the same table without it: whole days, which nobody writes any more
-- Owner:  data-engineering
DELETE FROM lake.web.${table} WHERE ${time_column} < :keep_from
