-- One row = one visitor identified by an e-mail address on one restated day: the address is a trait
-- of the call, or the user id itself. Only its hash is kept.
-- In:     counted_events.sql
-- Owner:  analytics
INSERT INTO lake.web.visitor_emails
    (site_id, local_date, run_id, visitor_id, email_hash, identified_at)
WITH calls AS (
    SELECT
        site_id, local_date, visitor_id, event_at,
        lower(trim(coalesce(json_extract_scalar(properties, '$$.email'), user_id))) AS email
    FROM (
        ${counted_events}
    )
    WHERE event_name = 'identify' AND visitor_id IS NOT NULL AND contains(:dates, local_date)
),
visitor_emails AS (
    SELECT
        site_id, local_date, :run_id AS run_id, visitor_id,
        lower(to_hex(sha256(to_utf8(email)))) AS email_hash, min(event_at) AS identified_at
    FROM calls
    WHERE email LIKE '%_@_%'
    GROUP BY site_id, local_date, visitor_id, email
)
SELECT site_id, local_date, run_id, visitor_id, email_hash, identified_at FROM visitor_emails
