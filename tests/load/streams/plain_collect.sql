-- The same duplicate removal over the same topic, written plainly: no sinks, no lateness, no dead letters.
CREATE TEMPORARY TABLE nowhere (
${event_wire}
) WITH ('connector' = 'blackhole');

INSERT INTO nowhere
WITH copies AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY site_id, event_id ORDER BY seen_at) AS copy_number
    FROM arrivals
)
SELECT
${event_names}
FROM copies
WHERE copy_number = 1;
