-- One row = one row of an erased person.
-- In:     a table of persons, web.erasures
-- Out:    the same table without it; its file keeps the bytes until it is rewritten
-- Owner:  data-engineering
DELETE FROM lake.web.${table} WHERE ${theirs}
