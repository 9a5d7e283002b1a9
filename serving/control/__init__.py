"""The control plane in Postgres: sites, keys, goals, restatements, reports, sign-in: all writes."""
