"""The live feed: events of a site, told while they arrive at the broker."""
