-- One row = one event, however often it was sent; payment webhooks and erased persons are left out.
-- In:      web.events, web.surplus_events, analytics.erasures
-- Columns: event_row
-- Day:     event_date
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
),
kept_events AS (
    SELECT event.*
    FROM first_copies AS event
    -- One row at most for each event; mostly there are none, and nothing is looked up.
    LEFT JOIN lake.analytics.erasures AS of_visitor
        ON of_visitor.site_id = event.site_id
        AND of_visitor.visitor_id = event.visitor_id
        AND of_visitor.topic_id = event.topic_id
        AND of_visitor.topic_partition = event.topic_partition
    LEFT JOIN lake.analytics.erasures AS of_user
        ON of_user.site_id = event.site_id
        AND of_user.user_id = event.user_id
        AND of_user.topic_id = event.topic_id
        AND of_user.topic_partition = event.topic_partition
    WHERE event.topic_offset
        > greatest(coalesce(of_visitor.until_offset, -1), coalesce(of_user.until_offset, -1))
)
SELECT ${event_columns} FROM kept_events
