"""TABLE -> TABLE: says what a day was. One folder per table; the date is always an argument."""
