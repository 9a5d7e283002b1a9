"""web.revenue_events: what payment vendors told, a file a vendor."""
