-- One row = an event of the days and the session it lies in.
-- In:     web.event_sessions, analytics.day_runs
-- Owner:  analytics
SELECT pair.event_id, max(pair.session_id) AS session_id
FROM lake.web.event_sessions AS pair
LEFT JOIN lake.analytics.day_runs AS day
    ON day.site_id = pair.site_id
    AND day.local_date = pair.local_date
    AND day.run_id = pair.run_id
WHERE pair.site_id = :site_id
    -- The session of an event shortly after midnight belongs to the day before, or to one earlier.
    AND pair.local_date BETWEEN date_add('day', -2, :first_date) AND :last_date
    AND (
        pair.run_id = :run_id
        OR (day.run_id IS NOT NULL AND NOT contains(:dates, pair.local_date))
    )
GROUP BY pair.event_id
