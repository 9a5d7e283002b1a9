"""The control plane in Postgres: sites, keys, what sites define and note, sign-in: all writes."""
