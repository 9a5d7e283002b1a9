"""The small installation: real Postgres, Kafka, Flink, Trino and our programs as processes."""
