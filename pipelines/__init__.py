"""TOPIC -> TABLE -> TABLE: the stream jobs, the daily rebuild, and what they share."""
