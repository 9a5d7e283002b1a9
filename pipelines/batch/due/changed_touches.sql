-- One row = one restated day with a conversion whose touches are no longer those it was attributed
-- to. Only days are looked at that have a day within the lookback which was restated after them.
-- In:     web.conversions, web.touchpoints, `runs` of days.sql
-- Rules:  attribution.lookback_days (the longest)
-- Owner:  analytics
SELECT DISTINCT site_id, local_date
FROM (
    SELECT
        conversion.site_id, conversion.local_date, conversion.event_id, conversion.touch_digest,
        ${touch_digest} AS digest_now
    FROM lake.web.conversions AS conversion
    JOIN (
        SELECT
            site_id, local_date, run_id,
            max(run_id) OVER (
                PARTITION BY site_id ORDER BY local_date
                RANGE BETWEEN INTERVAL '${attribution_reach_days}' DAY PRECEDING
                AND INTERVAL '1' DAY PRECEDING
            ) AS newest_run_before
        FROM runs
    ) AS suspect
        ON suspect.site_id = conversion.site_id
        AND suspect.local_date = conversion.local_date
        AND suspect.run_id = conversion.run_id
        -- Run ids sort by time.
        AND suspect.newest_run_before > conversion.run_id
    LEFT JOIN (
        SELECT touch.*
        FROM lake.web.touchpoints AS touch
        JOIN runs
            ON runs.site_id = touch.site_id
            AND runs.local_date = touch.local_date
            AND runs.run_id = touch.run_id
    ) AS touch
        ON touch.site_id = conversion.site_id
        AND touch.visitor_id = conversion.visitor_id
        AND touch.touched_at <= conversion.event_at
        AND touch.touched_at
            >= conversion.event_at - INTERVAL '${attribution_lookback_days}' DAY
    GROUP BY
        conversion.site_id, conversion.local_date, conversion.event_id, conversion.touch_digest
)
WHERE digest_now <> touch_digest
