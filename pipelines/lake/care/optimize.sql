-- One row = one file rewritten with its neighbours of the same partition.
-- Owner:  data-engineering
ALTER TABLE lake.web.${table} EXECUTE optimize(file_size_threshold => '${target}')
