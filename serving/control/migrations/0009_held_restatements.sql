-- Days that are made to be looked at first: see `headwater held`.

ALTER TABLE restatements ADD COLUMN is_held boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN restatements.is_held IS 'Whether the days are made without being switched to.';
