-- One row = one origin of events of sessions that began on a restated day, with the edge's channel.
-- In:     counted_events.sql, web.event_sessions
-- Owner:  analytics
SELECT pair.local_date, event.source, event.medium, event.campaign, event.channel AS edge_channel
FROM (
    ${counted_events}
) AS event
JOIN lake.web.event_sessions AS pair ON pair.event_id = event.event_id
WHERE pair.site_id = :site_id AND pair.run_id = :run_id AND event.makes_session
GROUP BY pair.local_date, event.source, event.medium, event.campaign, event.channel
