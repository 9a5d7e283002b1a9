"""The engines of other people: how each is configured, started and asked whether it is well."""
