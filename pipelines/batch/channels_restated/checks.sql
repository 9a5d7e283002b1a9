-- One row = what the moved origins of a run look like.
-- In:     web.channels_restated
-- Owner:  analytics
WITH moved AS (
    SELECT local_date, source, medium, campaign, edge_channel, channel
    FROM lake.web.channels_restated
    WHERE site_id = :site_id AND run_id = :run_id
),
origins AS (
    SELECT local_date, source, medium, campaign, edge_channel
    FROM moved
    GROUP BY local_date, source, medium, campaign, edge_channel
)
SELECT
    (SELECT count(*) FROM moved) - (SELECT count(*) FROM origins) AS repeated_origin_count,
    (SELECT count(*) FROM moved WHERE channel = edge_channel) AS unmoved_origin_count
