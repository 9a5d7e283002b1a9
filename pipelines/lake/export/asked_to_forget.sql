-- One row = when the site was first asked to forget the person; null if never.
-- In:    analytics.erasures
-- Out:   requested_at
-- Owner: data-engineering
SELECT min(requested_at) AS requested_at
FROM lake.analytics.erasures
WHERE ${of_person}
