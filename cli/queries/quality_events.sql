-- One row = the events of one name on a closed day, beside what is usual on that weekday.
-- In:    analytics.event_quality
-- Owner: data-engineering
SELECT
    local_date, site_id, event_name, event_count, usual_event_count, late_share, surplus_share,
    bot_share
FROM lake.analytics.event_quality
WHERE site_id = coalesce(?, site_id) AND local_date BETWEEN ? AND ?
ORDER BY local_date DESC, site_id, event_count DESC, event_name
