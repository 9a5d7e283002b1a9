-- One row = the local date of the site's earliest event; null before the first one.
-- In:     web.events
-- Owner:  analytics
WITH first_day AS (SELECT min(event_date) AS first_date FROM web.events WHERE site_id = ?)
SELECT first_date FROM first_day
