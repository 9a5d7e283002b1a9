-- One row = one call that ties a visitor, a user or a group together; one that does not is an event like any other.
-- In:     first_copies
-- Out:    table identities
-- Owner:  data-engineering
WITH said AS (
    SELECT
        *,
        -- As Segment's and PostHog's clients name them.
        NULLIF(CASE event_name
            WHEN 'alias' THEN COALESCE(JSON_VALUE(properties, '$$.previousId'), JSON_VALUE(properties, '$$.alias'))
        END, '') AS previous_id,
        NULLIF(CASE event_name
            WHEN 'group' THEN COALESCE(JSON_VALUE(properties, '$$.groupId'), JSON_VALUE(properties, '$$["$$group_key"]'))
        END, '') AS group_id
    FROM first_copies
    WHERE event_name IN ('identify', 'alias', 'group')
        AND record_kind = 'event'
        AND topic_offset > ${identities_mark}
)
SELECT
    site_id,
    event_name AS kind,
    event_id,
    CAST(TO_TIMESTAMP_LTZ(event_at, 3) AS TIMESTAMP_LTZ(6)) AS event_at,
    TRY_CAST(event_date AS DATE) AS event_date,
    visitor_id, user_id, previous_id, group_id, sender, is_bot, is_flood,
    topic_id, topic_partition, topic_offset,
    CAST(TO_TIMESTAMP_LTZ(appended_at, 3) AS TIMESTAMP_LTZ(6)) AS appended_at
FROM said
WHERE CASE event_name
    WHEN 'identify' THEN visitor_id IS NOT NULL AND user_id IS NOT NULL
    ELSE COALESCE(previous_id, group_id) IS NOT NULL AND COALESCE(user_id, visitor_id) IS NOT NULL
END
