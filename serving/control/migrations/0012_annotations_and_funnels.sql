-- What people keep beside a site's numbers: notes on its time, and funnels that they ask again.

CREATE TABLE annotations (
    annotation_id text PRIMARY KEY,
    site_id       text NOT NULL REFERENCES sites ON DELETE CASCADE,
    first_date    date,
    last_date     date,
    noted_at      timestamptz,
    text          text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    created_by    text NOT NULL,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    updated_by    text NOT NULL,
    CHECK ((first_date IS NULL) = (last_date IS NULL) AND first_date <= last_date),
    CHECK ((first_date IS NULL) <> (noted_at IS NULL))
);
CREATE INDEX annotations_of_site ON annotations (site_id);
COMMENT ON TABLE annotations IS 'One row = a note of a site on local dates or on a moment.';
COMMENT ON COLUMN annotations.first_date IS 'First local date that it is about; null for a moment.';
COMMENT ON COLUMN annotations.last_date IS 'Last local date that it is about, first_date if only one.';
COMMENT ON COLUMN annotations.noted_at IS 'The moment that it is about; null for dates.';
COMMENT ON COLUMN annotations.created_by IS 'Id of a key, page (a signed-in browser) or command line.';
COMMENT ON COLUMN annotations.updated_by IS 'Who wrote it as it is now.';

CREATE TABLE funnels (
    site_id    text NOT NULL REFERENCES sites ON DELETE CASCADE,
    funnel_id  text NOT NULL CHECK (funnel_id ~ '^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$'),
    name       text NOT NULL,
    definition jsonb NOT NULL CHECK (jsonb_typeof(definition) = 'object'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_id, funnel_id)
);
COMMENT ON TABLE funnels IS 'One row = one funnel of a site.';
COMMENT ON COLUMN funnels.definition IS 'Steps, order, window and exclusions, as serving/query/funnel_request.py writes them.';
