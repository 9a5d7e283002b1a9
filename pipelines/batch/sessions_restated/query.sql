-- One row = one session that began on a restated day.
-- In:     counted_events.sql, web.event_sessions, web.channels_restated, web.first_seen
-- Rules:  sessions.gap_minutes, bounce_page_views, bounce_engaged_ms; events.checkouts
-- Owner:  analytics
INSERT INTO lake.web.sessions_restated (${session_columns})
WITH session_events AS (
    SELECT
        event.*, coalesce(moved.channel, event.channel) AS channel_now, pair.session_id,
        pair.local_date AS started_date
    FROM (
        ${counted_events}
    ) AS event
    JOIN lake.web.event_sessions AS pair ON pair.event_id = event.event_id
    -- Mostly nothing: what the rules of this run put in another channel than the edge did.
    LEFT JOIN lake.web.channels_restated AS moved
        ON moved.site_id = pair.site_id
        AND moved.run_id = pair.run_id
        AND moved.local_date = pair.local_date
        AND moved.source = event.source
        AND moved.medium = event.medium
        AND moved.campaign IS NOT DISTINCT FROM event.campaign
        AND moved.edge_channel = event.channel
    WHERE pair.site_id = :site_id AND pair.run_id = :run_id AND event.makes_session
),
sums AS (
    SELECT
        site_id, session_id, visitor_id, started_date,
        min(event_at) AS started_at, max(event_at) AS ended_at, count(*) AS event_count,
        count_if(event_name = 'page_view') AS page_view_count,
        count_if(is_conversion) AS conversion_count,
        count_if(is_interactive) AS interactive_count,
        count_if(is_conversion AND revenue_usd_amount > 0) AS order_count,
        count_if(event_name IN (${checkout_events})) AS checkout_count,
        count_if(event_name = 'form_submit') AS form_submit_count,
        count_if(event_name = 'click') AS click_count,
        coalesce(sum(revenue_usd_amount), DECIMAL '0') AS revenue_usd_amount,
        coalesce(sum(engaged_ms), 0) AS engaged_ms, max(scroll_percent) AS max_scroll_percent,
        min_by(ROW(page_path, page_host), place) FILTER (WHERE event_name = 'page_view') AS entry,
        max_by(page_path, place) FILTER (WHERE event_name = 'page_view') AS exit_page,
        max_by(user_id, place) FILTER (WHERE user_id IS NOT NULL) AS user_id,
        min_by(
            ROW(
                referrer, referrer_host, source, medium, campaign, channel_now, country, region,
                city, device, browser, os, is_bot
            ),
            place
        ) AS opened,
        min_by(ROW(source, medium, campaign, channel_now), place) AS first_touch,
        max_by(ROW(source, medium, campaign, channel_now), place)
            FILTER (WHERE source <> '(direct)') AS named_touch
    FROM session_events
    GROUP BY site_id, session_id, visitor_id, started_date
),
known AS (
    SELECT visitor_id, CAST(at_timezone(min(first_seen_at), :zone) AS date) AS first_date
    FROM lake.web.first_seen
    WHERE site_id = :site_id
    GROUP BY visitor_id
),
days AS (
    SELECT local_date, looks_until
    FROM unnest(
        CAST(:dates AS array(date)), CAST(:looks_until AS array(timestamp(6) with time zone))
    ) AS day (local_date, looks_until)
),
sessions AS (
    SELECT
        sums.*, coalesce(named_touch, first_touch) AS touch,
        date_diff('millisecond', started_at, ended_at) AS duration_ms,
        page_view_count = ${bounce_page_views}
            AND interactive_count = 0
            AND engaged_ms < ${bounce_engaged_ms} AS is_bounce,
        coalesce(known.first_date = started_date, false) AS is_new_visitor,
        ended_at + INTERVAL '${session_gap_minutes}' MINUTE
            >= least(days.looks_until, :settled_until) AS is_open
    FROM sums
    JOIN days ON days.local_date = sums.started_date
    LEFT JOIN known ON known.visitor_id = sums.visitor_id
)
SELECT
    site_id, session_id, visitor_id, user_id, started_at, ended_at, started_date, duration_ms,
    event_count, page_view_count, conversion_count,
    CAST(revenue_usd_amount AS decimal(18, 4)) AS revenue_usd_amount, engaged_ms,
    max_scroll_percent, entry[1] AS entry_page, exit_page, entry[2] AS page_host,
    opened[1] AS referrer, opened[2] AS referrer_host, opened[3] AS source, opened[4] AS medium,
    opened[5] AS campaign, opened[6] AS channel, touch[1] AS last_source, touch[2] AS last_medium,
    touch[3] AS last_campaign, touch[4] AS last_channel, opened[7] AS country,
    opened[8] AS region, opened[9] AS city, opened[10] AS device, opened[11] AS browser,
    opened[12] AS os, is_bounce, is_new_visitor, opened[13] AS is_bot, :run_id AS run_id,
    :emitted_at AS emitted_at, is_open, order_count, checkout_count, form_submit_count, click_count
FROM sessions
