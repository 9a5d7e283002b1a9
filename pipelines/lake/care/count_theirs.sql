-- One row = how many rows of a table are of an erased person.
-- In:     a table of persons, web.erasures
-- Owner:  data-engineering
SELECT '${table}' AS name, count(*) AS n FROM lake.web.${table} WHERE ${theirs}
