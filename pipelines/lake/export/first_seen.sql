-- One row = one visitor and their earliest event known.
-- In:      web.first_seen, analytics.erasures
-- Out:     an export of a person
-- Columns: first_seen
-- Params:  :site_id and the ids of the person
-- Owner:   data-engineering
-- Superseded runs count as well: a later one writes only what is earlier still.
SELECT site_id, visitor_id, min(first_seen_at) AS first_seen_at
FROM lake.web.first_seen AS seen
WHERE ${of_person}
    AND NOT EXISTS (
        SELECT 1
        FROM lake.analytics.erasures AS erased
        WHERE erased.site_id = seen.site_id AND erased.visitor_id = seen.visitor_id
    )
GROUP BY site_id, visitor_id
