-- Sites and the keys that act for them. The edge, orchestration and the CLI read these tables.

CREATE TABLE sites (
    site_id        text PRIMARY KEY CHECK (site_id ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name           text NOT NULL,
    timezone       text NOT NULL,
    allowed_hosts  text[] NOT NULL DEFAULT '{}',
    exclude_bots   boolean NOT NULL DEFAULT false,
    retention_days integer CHECK (retention_days > 0),
    visitor_secret bytea NOT NULL CHECK (octet_length(visitor_secret) = 32),
    settings       jsonb NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sites IS 'One row = one tracked site.';
COMMENT ON COLUMN sites.timezone IS 'IANA zone: decides the local date of every event.';
COMMENT ON COLUMN sites.allowed_hosts IS 'Origin hosts, lower case, no port; empty = any.';
COMMENT ON COLUMN sites.exclude_bots IS 'True: answers leave out visits tagged as bots.';
COMMENT ON COLUMN sites.retention_days IS 'Days raw events are kept; null = for ever.';
COMMENT ON COLUMN sites.visitor_secret IS '32 random bytes: key of the HMAC that makes visitor ids of imports.';

CREATE TABLE keys (
    key_id        text PRIMARY KEY,
    site_id       text NOT NULL REFERENCES sites ON DELETE CASCADE,
    kind          text NOT NULL CHECK (kind IN ('pub', 'sec', 'api')),
    name          text NOT NULL,
    prefix        text NOT NULL,
    key_hash      bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
    allowed_hosts text[] NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz,
    revoked_at    timestamptz,
    last_used_at  timestamptz
);
CREATE INDEX keys_of_site ON keys (site_id, created_at);
COMMENT ON TABLE keys IS 'One row = one key; the key itself is shown once and never stored.';
COMMENT ON COLUMN keys.kind IS 'pub writes from browsers, sec writes from servers, api reads.';
COMMENT ON COLUMN keys.prefix IS 'First 12 characters, for people to tell keys apart.';
COMMENT ON COLUMN keys.key_hash IS 'SHA-256 of the whole key.';
