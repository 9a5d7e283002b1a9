"""Pure functions that the edge and the batch share, one file per duty; no clock, no network."""
