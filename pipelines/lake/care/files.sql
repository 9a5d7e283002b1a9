-- One row = how many files smaller than compaction makes them the partition has that has most.
-- In:     the files of the table; a partition's files lie in one folder
-- Owner:  data-engineering
SELECT coalesce(max(small_files), 0) AS small_files
FROM (
    SELECT count(*) AS small_files
    FROM lake.web."${table}$$files"
    WHERE content = 0 AND file_size_in_bytes < :target_bytes
    GROUP BY regexp_replace(file_path, '/[^/]*$$')
)
