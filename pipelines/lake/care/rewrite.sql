-- One row = one file of which rows were deleted, rewritten without them.
-- Files of which nothing was deleted are larger than the threshold, so they stay as they are.
-- Owner:  data-engineering
ALTER TABLE lake.web.${table} EXECUTE optimize(file_size_threshold => '1B')
