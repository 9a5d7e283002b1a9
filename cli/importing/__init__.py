"""Bring what a site already knows into Headwater: files in, history events out."""
