-- Goals that sites define. The restatement of a day is given those that count on it.

CREATE TABLE goals (
    site_id      text NOT NULL REFERENCES sites ON DELETE CASCADE,
    goal_id      text NOT NULL CHECK (goal_id ~ '^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$'),
    name         text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('destination', 'event', 'duration', 'pages')),
    condition    jsonb NOT NULL CHECK (jsonb_typeof(condition) = 'object'),
    counts_from  date NOT NULL,
    counts_until date,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    archived_at  timestamptz,
    PRIMARY KEY (site_id, goal_id),
    CHECK ((archived_at IS NULL) = (counts_until IS NULL))
);
COMMENT ON TABLE goals IS 'One row = one goal of a site, archived ones included.';
COMMENT ON COLUMN goals.condition IS 'What reaches it: one of the shapes of schemas/goals.py, by kind.';
COMMENT ON COLUMN goals.counts_from IS 'First local date that it counts on.';
COMMENT ON COLUMN goals.counts_until IS 'Last local date that it counts on, before counts_from if there is none; null = it goes on.';
