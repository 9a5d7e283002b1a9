-- One row = one source, medium and campaign of a site's local day, as its counting restatement found them.
-- In:      web.daily_source, analytics.day_runs
-- Columns: daily_source, day_run
-- Column bounce_rate: Share of the sessions that bounced. Over several rows: add up the counts, divide last.
-- Column average_duration_ms: Mean duration of the sessions.
-- Column conversion_rate: Share of the sessions with a conversion.
-- Column average_order_usd_amount: Mean revenue of an order in US dollars; null without one.
-- Day:     local_date
-- Owner:   analytics
WITH counting_days AS (
    SELECT
        ${daily_source_columns}, is_open,
        CAST(bounce_count AS double) / session_count AS bounce_rate,
        CAST(session_duration_ms AS double) / session_count AS average_duration_ms,
        CAST(converted_session_count AS double) / session_count AS conversion_rate,
        CAST(revenue_usd_amount / nullif(order_count, 0) AS decimal(18, 4)) AS average_order_usd_amount
    FROM (
        SELECT source.*, day.is_open
        FROM lake.web.daily_source AS source
        JOIN lake.analytics.day_runs AS day
            ON day.site_id = source.site_id
            AND day.local_date = source.local_date
            AND day.run_id = source.run_id
    )
)
SELECT ${daily_source_columns}, is_open, bounce_rate, average_duration_ms, conversion_rate, average_order_usd_amount FROM counting_days
