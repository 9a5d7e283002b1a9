-- The same duplicate removal into the same table and topic, written plainly: no lateness, no dead letters, no
-- progress, no refusals, no marks for a start without state.
CREATE TEMPORARY VIEW first_copies AS
WITH copies AS (
    SELECT
        record_key,
${event_names},
        topic_name AS topic_id,
        topic_partition,
        topic_offset,
        EXTRACT(EPOCH FROM appended_time) * 1000 + EXTRACT(MILLISECOND FROM appended_time) AS appended_at,
        ROW_NUMBER() OVER (PARTITION BY site_id, event_id ORDER BY seen_at) AS copy_number
    FROM arrivals
)
SELECT
    record_key,
${unique_names}
FROM copies
WHERE copy_number = 1;

INSERT INTO lake.web.events
SELECT
${unique_row_values},
    FALSE
FROM first_copies;

INSERT INTO unique_events
SELECT
    record_key,
${unique_text_values},
    MAP['schema', ENCODE('${unique_header}', 'UTF-8')]
FROM first_copies;
