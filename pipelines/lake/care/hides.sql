-- One row = how many rows of web.erasures hide the person of an erasure.
-- In:     web.erasures
-- Owner:  data-engineering
SELECT count(*) AS n FROM lake.web.erasures WHERE erasure_id = :erasure_id
