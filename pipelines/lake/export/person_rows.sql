-- One row = one row of a view that is of the person.
-- In:     analytics.${view}
-- Out:    an export of a person
-- Params: :site_id and the ids of the person
-- Owner:  data-engineering
SELECT * FROM lake.analytics.${view} WHERE ${of_person}
