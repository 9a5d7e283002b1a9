-- One row = one minute of a site in which something happened: its newest version.
-- In:      web.minute_stats
-- Columns: minute_stats
-- Day:     local_date
-- Owner:   analytics
WITH versions AS (
    SELECT
        ${minute_stats_columns},
        row_number() OVER (
            PARTITION BY site_id, minute_at
            -- Final before early, whoever wrote it; several versions may be made in one moment.
            ORDER BY is_final DESC, run_id DESC, counted_until_at DESC
        ) AS version
    FROM lake.web.minute_stats
),
minutes AS (
    SELECT ${minute_stats_columns} FROM versions WHERE version = 1
)
SELECT ${minute_stats_columns} FROM minutes
