-- One row = one object of a recording of an erased person.
-- In:     web.recording_chunks, web.erasures
-- Owner:  data-engineering
SELECT DISTINCT storage_key FROM lake.web.${table} WHERE ${theirs} ORDER BY storage_key
