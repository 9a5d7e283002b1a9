"""What things are: records, topics, tables, rules and metrics. Never acts, imports no other room."""
