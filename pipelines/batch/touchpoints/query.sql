-- One row = one session that began on a restated day, seen as a touch.
-- In:     counted_events.sql, web.event_sessions, web.sessions_restated
-- Owner:  analytics
INSERT INTO lake.web.touchpoints (${touchpoint_columns})
WITH openings AS (
    SELECT
        pair.session_id,
        min_by(ROW(event.click_id_kind, event.click_id), event.place) AS click
    FROM (
        ${counted_events}
    ) AS event
    JOIN lake.web.event_sessions AS pair ON pair.event_id = event.event_id
    WHERE pair.site_id = :site_id AND pair.run_id = :run_id AND event.makes_session
    GROUP BY pair.session_id
),
touchpoints AS (
    SELECT
        session.site_id, session.started_date AS local_date, session.run_id, session.visitor_id,
        session.user_id, session.session_id, session.started_at AS touched_at, session.source,
        session.medium, session.campaign, session.channel, session.referrer_host,
        session.entry_page, session.page_host, openings.click[1] AS click_id_kind,
        openings.click[2] AS click_id, session.is_bot
    FROM lake.web.sessions_restated AS session
    JOIN openings ON openings.session_id = session.session_id
    WHERE session.site_id = :site_id AND session.run_id = :run_id
)
SELECT ${touchpoint_columns} FROM touchpoints
