-- One row = what the addresses of a run look like.
-- In:     web.visitor_emails
-- Owner:  analytics
SELECT
    count(*) - count(DISTINCT ROW(local_date, visitor_id, email_hash)) AS repeated_email_count
FROM lake.web.visitor_emails
WHERE site_id = :site_id AND run_id = :run_id
