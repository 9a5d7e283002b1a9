"""What things are: records, topics, tables, rules, metrics. Never acts, imports no other room."""
