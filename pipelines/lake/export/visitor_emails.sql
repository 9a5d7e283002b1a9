-- One row = one hash of an e-mail address by which the site identified a visitor, and when.
-- In:      web.visitor_emails, analytics.day_runs, analytics.erasures
-- Out:     an export of a person
-- Columns: visitor_email
-- Params:  :site_id and the ids of the person
-- Owner:   data-engineering
WITH counting_emails AS (
    SELECT email.site_id, email.visitor_id, email.email_hash, email.identified_at
    FROM lake.web.visitor_emails AS email
    JOIN lake.analytics.day_runs AS day
        ON day.site_id = email.site_id
        AND day.local_date = email.local_date
        AND day.run_id = email.run_id
    WHERE NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = email.site_id AND erased.visitor_id = email.visitor_id
        )
)
SELECT site_id, visitor_id, email_hash, min(identified_at) AS identified_at
FROM counting_emails
WHERE ${of_person}
GROUP BY site_id, visitor_id, email_hash
