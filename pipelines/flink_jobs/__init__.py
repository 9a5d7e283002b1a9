"""TOPIC -> TABLE, live: jobs in Flink SQL, and the few files that render and start them."""
