-- One row = one visitor, or one user, whom a site has to forget in one partition of a topic. Every
-- view that shows persons leaves them out; the row goes when their last copy has gone.
-- In:      web.erasures
-- Columns: erasure
-- Owner:   analytics
SELECT
    site_id, visitor_id, user_id, topic_id, topic_partition, max(until_offset) AS until_offset,
    min(requested_at) AS requested_at, max(settled_at) AS settled_at
FROM lake.web.erasures
GROUP BY site_id, visitor_id, user_id, topic_id, topic_partition
