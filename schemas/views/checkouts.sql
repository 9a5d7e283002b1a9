-- One row = one closed session in which somebody began to pay.
-- In:      analytics.sessions, analytics.events
-- Columns: restated_session
-- Column checkout_at: When the first checkout of the session began.
-- Column checkout_count: Number of checkouts begun in the session.
-- Column is_abandoned: True if the visitor did not convert between the session's start and sessions.gap_minutes after its end; servers may say so, too.
-- Column is_restated: True if a restatement of its day wrote the session.
-- Rules:   events.checkouts, sessions.session_senders, sessions.gap_minutes
-- Day:     started_date
-- Owner:   analytics
WITH acts AS (
    SELECT
        site_id, visitor_id, event_at, is_conversion,
        event_name IN (${checkout_events})
            AND sender IN (${session_senders})
            AND NOT is_flood AS is_checkout
    FROM lake.analytics.events
    WHERE visitor_id IS NOT NULL AND (is_conversion OR event_name IN (${checkout_events}))
),
checkouts AS (
    SELECT
        session.site_id, session.session_id, session.visitor_id, session.user_id,
        session.started_at, session.ended_at, session.started_date, session.entry_page,
        session.source, session.medium, session.campaign, session.channel, session.country,
        session.device, session.is_bot, session.is_restated,
        min(act.event_at) FILTER (WHERE act.is_checkout) AS checkout_at,
        count_if(act.is_checkout) AS checkout_count,
        NOT bool_or(act.is_conversion) AS is_abandoned
    FROM lake.analytics.sessions AS session
    JOIN acts AS act
        ON act.site_id = session.site_id
        AND act.visitor_id = session.visitor_id
        AND act.event_at >= session.started_at
        -- The next session of the visitor begins later than this.
        AND act.event_at <= session.ended_at + INTERVAL '${session_gap_minutes}' MINUTE
    WHERE NOT session.is_open
    GROUP BY
        session.site_id, session.session_id, session.visitor_id, session.user_id,
        session.started_at, session.ended_at, session.started_date, session.entry_page,
        session.source, session.medium, session.campaign, session.channel, session.country,
        session.device, session.is_bot, session.is_restated
    HAVING count_if(act.is_checkout) > 0
)
SELECT
    site_id, session_id, visitor_id, user_id, started_at, ended_at, started_date, checkout_at,
    checkout_count, is_abandoned, entry_page, source, medium, campaign, channel, country, device,
    is_bot, is_restated
FROM checkouts
