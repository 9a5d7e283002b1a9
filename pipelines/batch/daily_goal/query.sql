-- One row = one goal on a restated day: a kind of conversion, or what the site itself defined.
-- In:     web.conversions, counted_events.sql, sessions_of_events.sql, web.sessions_restated,
--         the site's goals as the run was given them
-- Owner:  analytics
INSERT INTO lake.web.daily_goal (${daily_goal_columns})
WITH goals AS (
    SELECT
        goal_id, goal_name, goal_kind, CAST(counts_from AS date) AS counts_from,
        CAST(counts_until AS date) AS counts_until, event_name, match, path,
        coalesce(properties, ARRAY[]) AS properties, at_least
    FROM unnest(
        CAST(
            json_parse(:goals) AS array(row(
                goal_id varchar, goal_name varchar, goal_kind varchar, counts_from varchar,
                counts_until varchar, event_name varchar, match varchar, path varchar,
                properties array(row(name varchar, value varchar, number double)),
                at_least bigint
            ))
        )
    ) AS goal (
        goal_id, goal_name, goal_kind, counts_from, counts_until, event_name, match, path,
        properties, at_least
    )
),
sessions_of_events AS (
    ${sessions_of_events}
),
-- TRICKY: what cannot be read is null and reaches no goal; no text of a site's stops a day.
goal_events AS (
    SELECT
        goal.goal_id, event.local_date, event.event_id, event.visitor_id,
        event.revenue_usd_amount, goal.goal_kind, goal.match, goal.path, event.page_path,
        goal.properties AS wanted,
        try(CAST(json_parse(event.properties) AS map(varchar, json))) AS properties
    FROM (
        ${counted_events}
    ) AS event
    JOIN goals AS goal
        ON goal.event_name = event.event_name
        AND event.local_date BETWEEN goal.counts_from AND goal.counts_until
    WHERE contains(:dates, event.local_date)
        AND NOT event.is_flood
        AND NOT (event.is_bot AND :exclude_bots)
),
-- TRICKY: a pattern is read anew for each comparison (0.1 ms), so each page is compared once: as an
-- aggregate, because what is asked of a grouped column is asked of every row before.
reached_pages AS (
    SELECT goal_id, page_path
    FROM (
        SELECT
            goal_id, page_path, max(page_path) AS seen, min(path) AS wanted, min(match) AS match
        FROM goal_events
        WHERE goal_kind = 'destination'
        GROUP BY goal_id, page_path
    )
    WHERE CASE match
        WHEN 'exact' THEN seen = wanted
        WHEN 'contains' THEN strpos(seen, wanted) > 0
        WHEN 'regex' THEN try(regexp_like(seen, wanted))
    END
),
completing_events AS (
    SELECT
        event.goal_id, event.local_date, event.visitor_id, pair.session_id,
        event.revenue_usd_amount
    FROM goal_events AS event
    LEFT JOIN sessions_of_events AS pair ON pair.event_id = event.event_id
    LEFT JOIN reached_pages AS page
        ON page.goal_id = event.goal_id AND page.page_path = event.page_path
    WHERE page.goal_id IS NOT NULL
        OR (
            event.goal_kind = 'event'
            AND cardinality(
                filter(
                    event.wanted,
                    wanted -> coalesce(
                        try(CAST(element_at(event.properties, wanted.name) AS varchar))
                            = wanted.value,
                        false
                    ) OR coalesce(
                        regexp_like(
                            json_format(element_at(event.properties, wanted.name)), '^[-0-9]'
                        )
                        AND try(CAST(element_at(event.properties, wanted.name) AS double))
                            = wanted.number,
                        false
                    )
                )
            ) = cardinality(event.wanted)
        )
),
completing_sessions AS (
    SELECT
        goal.goal_id, session.started_date AS local_date, session.visitor_id,
        session.session_id, CAST(NULL AS decimal(18, 4)) AS revenue_usd_amount
    FROM lake.web.sessions_restated AS session
    JOIN goals AS goal
        ON session.started_date BETWEEN goal.counts_from AND goal.counts_until
        AND CASE goal.goal_kind
            WHEN 'duration' THEN session.duration_ms >= goal.at_least * 1000
            WHEN 'pages' THEN session.page_view_count >= goal.at_least
            ELSE false
        END
    WHERE session.site_id = :site_id
        AND session.run_id = :run_id
        AND NOT (session.is_bot AND :exclude_bots)
),
goal_totals AS (
    SELECT
        :site_id AS site_id, done.local_date, :run_id AS run_id, min(goal.event_name) AS event_name,
        0 AS conversion_count, count(DISTINCT done.visitor_id) AS visitor_count,
        count(DISTINCT done.session_id) AS session_count,
        count_if(done.revenue_usd_amount > 0) AS order_count,
        coalesce(sum(done.revenue_usd_amount), DECIMAL '0') AS revenue_usd_amount,
        done.goal_id, min(goal.goal_kind) AS goal_kind, min(goal.goal_name) AS goal_name,
        count(*) AS completion_count
    FROM (
        SELECT * FROM completing_events
        UNION ALL
        SELECT * FROM completing_sessions
    ) AS done
    JOIN goals AS goal ON goal.goal_id = done.goal_id
    GROUP BY done.local_date, done.goal_id
),
conversion_totals AS (
    SELECT
        site_id, local_date, run_id, event_name, count(*) AS conversion_count,
        count(DISTINCT visitor_id) AS visitor_count, count(DISTINCT session_id) AS session_count,
        count_if(revenue_usd_amount > 0) AS order_count,
        coalesce(sum(revenue_usd_amount), DECIMAL '0') AS revenue_usd_amount,
        event_name AS goal_id, 'conversion' AS goal_kind, event_name AS goal_name,
        count(*) AS completion_count
    FROM lake.web.conversions
    WHERE site_id = :site_id AND run_id = :run_id
    GROUP BY site_id, local_date, run_id, event_name
),
totals AS (
    SELECT * FROM conversion_totals
    UNION ALL
    SELECT * FROM goal_totals
)
SELECT
    site_id, local_date, run_id, event_name, conversion_count, visitor_count, session_count,
    order_count, CAST(revenue_usd_amount AS decimal(18, 4)) AS revenue_usd_amount, goal_id,
    goal_kind, goal_name, completion_count
FROM totals
