-- One row = what the credits of a run look like.
-- In:     web.attribution, web.conversions
-- Owner:  analytics
WITH conversions AS (
    SELECT event_id, revenue_amount, revenue_usd_amount
    FROM lake.web.conversions
    WHERE site_id = :site_id AND run_id = :run_id
),
given AS (
    SELECT
        event_id, model, sum(credit) AS credit, sum(revenue_amount) AS revenue_amount,
        sum(revenue_usd_amount) AS revenue_usd_amount
    FROM lake.web.attribution
    WHERE site_id = :site_id AND run_id = :run_id
    GROUP BY event_id, model
),
wanted AS (SELECT count(*) * ${attribution_model_count} AS credit_count FROM conversions)
SELECT
    (SELECT credit_count FROM wanted) - count(conversions.event_id) AS missing_credit_count,
    count_if(given.credit <> 1) AS wrong_credit_count,
    count_if(
        given.revenue_amount IS DISTINCT FROM conversions.revenue_amount
        OR given.revenue_usd_amount IS DISTINCT FROM conversions.revenue_usd_amount
    ) AS wrong_amount_count
FROM given
LEFT JOIN conversions ON conversions.event_id = given.event_id
