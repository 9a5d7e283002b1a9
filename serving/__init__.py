"""TABLE -> ANSWER: one site at a time, over HTTP."""
