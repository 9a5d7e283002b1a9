-- One row = one web vital of one page load: how fast the page was for that visitor, as measured.
-- In:      analytics.events
-- Columns: event_row
-- Column vital: Which one, by rules/vitals.toml: lcp, inp, cls, fcp, ttfb, tti, dom_content_loaded, load.
-- Column value: What was measured, in `unit`. Exact: percentiles of these rows are those of the visitors.
-- Column unit: ms, or score for cls.
-- Column rating: good, needs_improvement or poor, by rules/vitals.toml; null for a vital without limits.
-- Rules:   vitals.vitals
-- Day:     event_date
-- Owner:   analytics
WITH vitals (vital, property, unit, good, poor) AS (
    VALUES
        ${vitals}
),
measured AS (
    SELECT
        event.*, vitals.vital, vitals.unit, vitals.good, vitals.poor,
        TRY_CAST(
            json_extract_scalar(event.properties, '$$["' || vitals.property || '"]') AS double
        ) AS value
    FROM lake.analytics.events AS event
    CROSS JOIN vitals
    WHERE event.event_name = 'web_vitals'
),
web_vitals AS (
    SELECT
        *,
        CASE WHEN value <= good THEN 'good' WHEN value <= poor THEN 'needs_improvement'
            WHEN value > poor THEN 'poor' END AS rating
    FROM measured
    -- A number that no page has: of a sender that made it up.
    WHERE value >= 0 AND is_finite(value)
)
SELECT
    site_id, event_id, event_at, event_date, visitor_id, page_view_id, page_host, page_path, vital,
    value, unit, rating, country, device, browser, os, is_bot
FROM web_vitals
