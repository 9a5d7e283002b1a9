-- One row = one local day of a site, with its visitors and the persons they are by now. Visitors of
-- a day never change by a merge; persons do.
-- In:      analytics.visitors, analytics.person_visitors
-- Columns: visitor_day
-- Column visitor_count: Visitors seen on the day.
-- Column person_count: Persons among them: several browsers of one user are one.
-- Column known_person_count: Users among them.
-- Day:     local_date
-- Owner:   analytics
WITH seen AS (
    SELECT visitor.site_id, visitor.local_date, visitor.visitor_id, owner.user_id
    FROM lake.analytics.visitors AS visitor
    LEFT JOIN lake.analytics.person_visitors AS owner
        ON owner.site_id = visitor.site_id AND owner.visitor_id = visitor.visitor_id
),
daily_persons AS (
    SELECT
        site_id, local_date,
        count(DISTINCT visitor_id) AS visitor_count,
        count(DISTINCT user_id) + count(DISTINCT visitor_id) FILTER (WHERE user_id IS NULL)
            AS person_count,
        count(DISTINCT user_id) AS known_person_count
    FROM seen
    GROUP BY site_id, local_date
)
SELECT site_id, local_date, visitor_count, person_count, known_person_count FROM daily_persons
