"""The edge's own log: records on disk before the answer, until the broker has them."""
