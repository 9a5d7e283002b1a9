-- Files that somebody asked for over the API. A Dagster sensor has them written.

CREATE TABLE exports (
    export_id    text PRIMARY KEY,
    site_id      text NOT NULL REFERENCES sites ON DELETE CASCADE,
    view_name    text NOT NULL,
    first_date   date,
    last_date    date,
    format       text NOT NULL CHECK (format IN ('parquet', 'csv', 'json')),
    status       text NOT NULL DEFAULT 'queued'
                 CHECK (status IN ('queued', 'running', 'done', 'failed')),
    requested_at timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    finished_at  timestamptz,
    run_id       text,
    row_count    bigint,
    file_bytes   bigint,
    error        text,
    CHECK ((first_date IS NULL) = (last_date IS NULL) AND first_date <= last_date)
);
CREATE INDEX exports_open ON exports (requested_at) WHERE status IN ('queued', 'running');
COMMENT ON TABLE exports IS 'One row = one file with rows of a site, until it is no longer kept.';
COMMENT ON COLUMN exports.error IS 'Why it failed, for people; null unless failed.';
