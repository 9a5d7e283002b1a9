-- One row = a step, of all visitors or of those of one value: how many reached it, and how long it took them.
-- In:     analytics.events
-- Parts:  serving/query/funnel.py; `fold` is funnel_in_order.sql or funnel_in_any_order.sql
-- Rules:  funnels.background
-- Owner:  analytics
WITH site_events AS (
    SELECT
        visitor_id,
        CAST(
            ROW(
                date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00 UTC', event_at),
                event_at < ${end},
                filter(CAST(${steps} AS array(bigint)), step -> step IS NOT NULL),
                flatten(CAST(${ended} AS array(array(bigint)))),
                ${value}
            ) AS row(
                at bigint, begins boolean, steps array(bigint), ended array(bigint), value varchar
            )
        ) AS found,
        event_name IN (${background}) AS is_background,
        -- A column of a row cannot be sorted by together with its row: the order has a name.
        event_at, coalesce(seq, -1) AS seq, topic_offset, topic_id, topic_partition
    FROM analytics.events
    WHERE site_id = ${site_id}
        AND event_at >= ${start}
        AND event_at < ${last}
        AND (event_name IN (${names}) OR ${is_strict})
        AND visitor_id IS NOT NULL
        AND NOT is_flood
        AND NOT (${exclude_bots} AND is_bot)
),
-- Of all events only those that matter to the funnel: steps, exclusions, and in a strict one what lies between.
walks AS (
    SELECT
        visitor_id,
        array_agg(found ORDER BY event_at, seq, topic_offset, topic_id, topic_partition) AS happened
    FROM site_events
    WHERE cardinality(found.steps) > 0
        OR cardinality(found.ended) > 0
        OR (${is_strict} AND NOT is_background)
    GROUP BY visitor_id
    HAVING count_if(contains(found.steps, 1)) > 0
),
-- TRICKY: a name for what is computed is no place where it is kept: asked for twice, it is computed twice. So the fold stands
-- in unnest alone, and what follows has one source each.
visitor_steps AS (
    SELECT
        step.step_number, step.took,
        -- A visitor is of the value of the step that they came furthest to.
        max_by(step.value, step.step_number) OVER (PARTITION BY walks.visitor_id) AS value
    FROM walks
    CROSS JOIN unnest(
        ${fold}
    ) WITH ORDINALITY AS step (took, value, step_number)
    WHERE step.took IS NOT NULL
),
value_steps AS (
    SELECT value, step_number, count(*) AS visitor_count, array_agg(took) AS times
    FROM visitor_steps
    GROUP BY value, step_number
),
counted_values AS (
    SELECT
        *, max(if(step_number = 1, visitor_count)) OVER (PARTITION BY value) AS value_count
    FROM value_steps
),
named_values AS (
    SELECT
        step_number, visitor_count, times, value,
        dense_rank() OVER (ORDER BY value_count DESC, value) <= ${values} AS is_named
    FROM counted_values
),
named_steps AS (
    SELECT step_number, visitor_count, times, is_named, if(is_named, value) AS value
    FROM named_values
),
totals AS (
    SELECT
        step_number, grouping(value) = 1 AS is_total, is_named, value,
        sum(visitor_count) AS visitor_count, array_sort(flatten(array_agg(times))) AS times
    FROM named_steps
    GROUP BY GROUPING SETS ((step_number), (step_number, is_named, value))
),
funnel AS (
    SELECT
        is_total, is_named, value, step_number, visitor_count,
        -- Interpolated between the two times that lie around the share.
        transform(
            transform(ARRAY[DOUBLE '0.5', DOUBLE '0.9'], share -> share * (visitor_count - 1)),
            place -> times[CAST(floor(place) AS bigint) + 1]
                + (place - floor(place)) * (
                    times[CAST(ceiling(place) AS bigint) + 1] - times[CAST(floor(place) AS bigint) + 1]
                )
        ) AS percentiles
    FROM totals
)
SELECT
    is_total, is_named, value, step_number, visitor_count,
    percentiles[1] AS median_ms, percentiles[2] AS p90_ms
FROM funnel
WHERE is_total OR ${is_broken_down}
ORDER BY is_total DESC, is_named DESC, value, step_number
