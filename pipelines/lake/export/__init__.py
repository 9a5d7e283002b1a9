"""Takes a site's own rows out of the lake, into files."""
