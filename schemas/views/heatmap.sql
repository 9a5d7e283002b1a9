-- One row = one cell of a page's heatmap within an hour, as counted by now.
-- In:      web.heatmap_cells
-- Columns: heatmap_cell
-- Day:     local_date
-- Owner:   analytics
WITH tellers AS (
    -- A job that started anew tells of its hours from their beginning, perhaps in other cells: of each
    -- hour of a site the run counts that has come furthest, the newest of several.
    SELECT site_id, hour_at, max_by(run_id, ROW(counted_until_at, run_id)) AS run_id
    FROM lake.web.heatmap_cells
    GROUP BY site_id, hour_at
),
versions AS (
    SELECT
        ${heatmap_cell_columns},
        row_number() OVER (
            PARTITION BY
                site_id, page_host, page_path, viewport_class, kind, hour_at, local_date,
                cell_x_permille, cell_y_px, cell_width_permille, cell_height_px, depth_percent
            ORDER BY counted_until_at DESC, point_count DESC
        ) AS version
    FROM lake.web.heatmap_cells
    JOIN tellers USING (site_id, hour_at, run_id)
),
heatmap AS (
    SELECT ${heatmap_cell_columns} FROM versions WHERE version = 1
)
SELECT ${heatmap_cell_columns} FROM heatmap
