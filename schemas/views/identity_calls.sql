-- One row = one call that said who a visitor is, once, however often it reached the table.
-- In:      web.identities, web.surplus_events, analytics.erasures
-- Columns: identity
-- Day:     event_date
-- Owner:   analytics
SELECT ${identity_columns}
FROM lake.web.identities AS said
WHERE NOT EXISTS (
        SELECT 1
        FROM lake.web.surplus_events AS surplus
        WHERE surplus.site_id = said.site_id
            AND surplus.topic_id = said.topic_id
            AND surplus.topic_partition = said.topic_partition
            AND surplus.topic_offset = said.topic_offset
    )
    AND NOT EXISTS (
        SELECT 1
        FROM lake.analytics.erasures AS erased
        WHERE erased.site_id = said.site_id AND erased.visitor_id = said.visitor_id
    )
    AND NOT EXISTS (
        SELECT 1
        FROM lake.analytics.erasures AS erased
        WHERE erased.site_id = said.site_id AND erased.user_id = said.user_id
    )
    AND NOT EXISTS (
        SELECT 1
        FROM lake.analytics.erasures AS erased
        WHERE erased.site_id = said.site_id AND erased.visitor_id = said.previous_id
    )
