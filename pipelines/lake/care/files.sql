-- One row = how many files of a table are smaller than compaction makes them.
-- In:     the files of the table
-- Owner:  data-engineering
SELECT count(*) AS small_files
FROM lake.web."${table}$$files"
WHERE content = 0 AND file_size_in_bytes < :target_bytes
