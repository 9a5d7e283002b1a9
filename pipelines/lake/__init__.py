"""The lake itself: its tables, its views, their care."""
