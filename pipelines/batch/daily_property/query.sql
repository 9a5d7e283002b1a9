-- One row = a property of the events of one name on a restated day.
-- In:     counted_events.sql
-- Rules:  quality.columns, quality.max_properties
-- Owner:  analytics
INSERT INTO lake.web.daily_property (${daily_property_columns})
WITH day_events AS (
    SELECT *
    FROM (
        ${counted_events}
    )
    WHERE contains(:dates, local_date)
),
uses AS (
    SELECT local_date, event_name, used.property_name, true AS is_column
    FROM day_events
    CROSS JOIN unnest(
        ARRAY[${quality_columns}], ARRAY[${quality_columns_filled}]
    ) AS used (property_name, is_filled)
    WHERE used.is_filled
    UNION ALL
    SELECT local_date, event_name, used.property_name, false
    FROM day_events
    CROSS JOIN unnest(
        map_keys(
            map_filter(
                TRY_CAST(TRY(json_parse(properties)) AS map(varchar, json)),
                (name, value) -> json_format(value) <> 'null'
            )
        )
    ) AS used (property_name)
),
counted AS (
    SELECT
        local_date, event_name, property_name, is_column, count(*) AS event_count,
        row_number() OVER (
            PARTITION BY local_date, event_name, is_column ORDER BY count(*) DESC, property_name
        ) AS place
    FROM uses
    GROUP BY local_date, event_name, property_name, is_column
),
totals AS (
    SELECT
        :site_id AS site_id, local_date, :run_id AS run_id, event_name, property_name, is_column,
        event_count
    FROM counted
    WHERE is_column OR place <= ${quality_max_properties}
)
SELECT ${daily_property_columns} FROM totals
