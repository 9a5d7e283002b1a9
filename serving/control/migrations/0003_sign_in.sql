-- How a person gets into the page: a link that works once, then a cookie.

CREATE TABLE sign_in_links (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
COMMENT ON TABLE sign_in_links IS 'One row = one sign-in link; it works once, until expires_at.';

CREATE TABLE page_sessions (
    session_hash bytea PRIMARY KEY CHECK (octet_length(session_hash) = 32),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
COMMENT ON TABLE page_sessions IS 'One row = one signed-in browser; it sees all sites.';
