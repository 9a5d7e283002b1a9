-- One row = one event, however often it was sent; payment webhooks are left out.
-- In:      web.events, web.surplus_events
-- Columns: event_row
-- Owner:   analytics
WITH copies AS (
    SELECT ${event_columns}
    FROM lake.web.events
    WHERE record_kind = 'event' AND sender <> 'webhook'
),
first_copies AS (
    SELECT copies.*
    FROM copies
    WHERE NOT EXISTS (
        SELECT 1
        FROM lake.web.surplus_events AS surplus
        WHERE surplus.site_id = copies.site_id
            AND surplus.topic_id = copies.topic_id
            AND surplus.topic_partition = copies.topic_partition
            AND surplus.topic_offset = copies.topic_offset
    )
)
SELECT ${event_columns} FROM first_copies
