"""WHEN (Dagster): knows only when, and whether it worked."""
