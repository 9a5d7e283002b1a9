-- What cookieless visitor ids are made with. The edges write and read this table, and empty it.

-- Unlogged: a salt must be gone for good when its time is over, and the write-ahead log, its archive and physical backups
-- would keep it. After a crash of Postgres the table is empty; the edges put back what they hold.
CREATE UNLOGGED TABLE visitor_salts (
    zone       text NOT NULL,
    local_date date NOT NULL,
    salt       bytea NOT NULL CHECK (octet_length(salt) = 32),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (zone, local_date)
);
COMMENT ON TABLE visitor_salts IS 'One row = the random salt of one local date in one zone; destroyed at expires_at.';
