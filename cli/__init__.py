"""The `headwater` command: one file per verb, each a thin call to the room that does the work."""
