-- One row = the visitors whose first session began in one local day, week or month, and how many of
-- them came back so many periods later.
-- In:      analytics.visitor_periods
-- Columns: session
-- Column period: day, week or month.
-- Column cohort_date: First day of the period in which the first sessions began.
-- Column period_number: Periods since then; 0 is the first.
-- Column visitor_count: Visitors of the cohort, those who never came back included.
-- Column returning_visitor_count: Those who began a session in the period (classic retention).
-- Column rolling_visitor_count: Those who began one in the period or later (rolling retention).
-- Column converted_visitor_count: Those who converted in the period.
-- Column conversion_count: Conversions of the cohort in the period.
-- Column revenue_usd_amount: Revenue of the cohort in the period in US dollars.
-- Column is_open: The period had not ended on the newest day with a session.
-- Day:     cohort_date
-- Owner:   analytics
WITH comers AS (
    SELECT
        *,
        period_number = max(period_number) OVER (PARTITION BY site_id, period, visitor_id) AS is_last
    FROM lake.analytics.visitor_periods
),
comings AS (
    SELECT
        site_id, period, cohort_date, period_number, count(*) AS returning_visitor_count,
        count_if(is_last) AS last_visitor_count,
        count_if(conversion_count > 0) AS converted_visitor_count,
        sum(conversion_count) AS conversion_count,
        sum(revenue_usd_amount) AS revenue_usd_amount
    FROM comers
    GROUP BY site_id, period, cohort_date, period_number
),
steps AS (
    SELECT
        *,
        first_value(returning_visitor_count) OVER of_cohort AS visitor_count,
        lead(period_number) OVER of_cohort AS next_number,
        sum(last_visitor_count) OVER (
            PARTITION BY site_id, period, cohort_date ORDER BY period_number DESC
        ) AS rolling_visitor_count,
        max(if(period = 'day', date_add('day', period_number, cohort_date)))
            OVER (PARTITION BY site_id) AS newest_date
    FROM comings
    WINDOW of_cohort AS (PARTITION BY site_id, period, cohort_date ORDER BY period_number)
),
-- Each step also stands for the periods after it in which nobody came back.
cohort_periods AS (
    SELECT
        steps.*, numbers.number, numbers.number = steps.period_number AS has_come
    FROM steps
    CROSS JOIN UNNEST(
        sequence(
            period_number,
            coalesce(next_number - 1, date_diff(period, cohort_date, newest_date))
        )
    ) AS numbers (number)
),
retention AS (
    SELECT
        site_id, period, cohort_date, number AS period_number, visitor_count,
        if(has_come, returning_visitor_count, 0) AS returning_visitor_count,
        rolling_visitor_count - if(has_come, 0, last_visitor_count) AS rolling_visitor_count,
        if(has_come, converted_visitor_count, 0) AS converted_visitor_count,
        if(has_come, conversion_count, 0) AS conversion_count,
        if(has_come, revenue_usd_amount, 0) AS revenue_usd_amount,
        date_add(period, number + 1, cohort_date) > newest_date AS is_open
    FROM cohort_periods
)
SELECT
    site_id, period, cohort_date, period_number, visitor_count, returning_visitor_count,
    rolling_visitor_count, converted_visitor_count, conversion_count, revenue_usd_amount, is_open
FROM retention
