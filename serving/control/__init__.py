"""The control plane in Postgres: sites, keys, restatements, sign-in; the only writes."""
