-- One row = one column of a view.
-- In:     information_schema.columns
-- Out:    column_name
-- Params: :view
-- Owner:  data-engineering
SELECT column_name
FROM lake.information_schema.columns
WHERE table_schema = 'analytics' AND table_name = :view
ORDER BY ordinal_position
