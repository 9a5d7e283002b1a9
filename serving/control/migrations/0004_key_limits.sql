-- How many requests a key may make, where the usual limit of its kind does not fit.

ALTER TABLE keys ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0);
COMMENT ON COLUMN keys.requests_per_minute IS 'Requests the edge takes in a minute; null = the limit of its kind (schemas/rules/limits.toml).';
