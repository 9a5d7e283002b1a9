"""SQL on real engines: Trino alone, and Flink over files."""
