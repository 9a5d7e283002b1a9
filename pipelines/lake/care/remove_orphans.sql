-- One row = one file below a table's folder that no snapshot names and that is older than `kept`: removed.
-- Owner:  data-engineering
ALTER TABLE lake.web.${table} EXECUTE remove_orphan_files(retention_threshold => '${kept}')
