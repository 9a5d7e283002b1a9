"""The query language: a question in plain names becomes SELECTs over `analytics`, then rows."""
