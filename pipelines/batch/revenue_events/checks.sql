-- One row = what the facts of a run look like.
-- In:     web.revenue_events
-- Owner:  analytics
SELECT
    count(*) - count(DISTINCT ROW(vendor, fact_id)) AS repeated_fact_count,
    count_if(
        CASE
            WHEN kind IN ('one_time', 'subscription')
                THEN revenue_amount IS NULL OR currency IS NULL OR revenue_amount < 0
            WHEN kind = 'refund' THEN revenue_amount IS NULL OR currency IS NULL OR revenue_amount > 0
            ELSE revenue_amount IS NOT NULL
        END
    ) AS wrong_amount_count
FROM lake.web.revenue_events
WHERE site_id = :site_id AND run_id = :run_id
