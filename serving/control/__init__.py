"""The control plane in Postgres: sites, keys, restatements, reports, sign-in; the only writes."""
