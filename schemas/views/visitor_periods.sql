-- One row = one visitor in one local day, week or month in which they began a session, with how long
-- it is since their first one and what brought them then.
-- In:      analytics.sessions
-- Columns: session
-- Column period: day, week or month.
-- Column cohort_date: First day of the period in which the visitor's first session began.
-- Column period_number: Periods since then; 0 is the first.
-- Column session_count: Sessions begun in the period.
-- Column conversion_count: Conversions in them.
-- Column revenue_usd_amount: Revenue of them in US dollars.
-- Column entry_page: Page on which the visitor's first session began.
-- Column source: Source of the first session.
-- Column medium: Medium of the first session.
-- Column campaign: Campaign of the first session.
-- Column channel: Channel of the first session.
-- Column country: Country of the first session.
-- Column device: Device of the first session.
-- Rules:   sessions.first_day_of_week
-- Day:     cohort_date
-- Owner:   analytics
WITH visits AS (
    SELECT
        site_id, visitor_id, started_date, conversion_count, revenue_usd_amount,
        first_value(started_date) OVER of_visitor AS first_date,
        first_value(entry_page) OVER of_visitor AS entry_page,
        first_value(source) OVER of_visitor AS source,
        first_value(medium) OVER of_visitor AS medium,
        first_value(campaign) OVER of_visitor AS campaign,
        first_value(channel) OVER of_visitor AS channel,
        first_value(country) OVER of_visitor AS country,
        first_value(device) OVER of_visitor AS device
    FROM lake.analytics.sessions
    WINDOW of_visitor AS (PARTITION BY site_id, visitor_id ORDER BY started_at, session_id)
),
-- SQL's own weeks begin on Monday; those of a site may begin days later.
shifted_visits AS (
    SELECT
        visits.*, units.period, units.shift_days,
        date_trunc(units.period, date_add('day', -units.shift_days, first_date)) AS first_start,
        date_trunc(units.period, date_add('day', -units.shift_days, started_date)) AS period_start
    FROM visits
    CROSS JOIN (
        VALUES ('day', 0), ('week', ${first_day_of_week} - 1), ('month', 0)
    ) AS units (period, shift_days)
),
placed_visits AS (
    SELECT
        *,
        date_add('day', shift_days, first_start) AS cohort_date,
        date_diff(period, first_start, period_start) AS period_number
    FROM shifted_visits
),
visitor_periods AS (
    SELECT
        site_id, period, cohort_date, period_number, visitor_id,
        count(*) AS session_count,
        sum(conversion_count) AS conversion_count,
        sum(revenue_usd_amount) AS revenue_usd_amount,
        entry_page, source, medium, campaign, channel, country, device
    FROM placed_visits
    GROUP BY
        site_id, period, cohort_date, period_number, visitor_id,
        entry_page, source, medium, campaign, channel, country, device
)
SELECT
    site_id, period, cohort_date, period_number, visitor_id, session_count, conversion_count,
    revenue_usd_amount, entry_page, source, medium, campaign, channel, country, device
FROM visitor_periods
