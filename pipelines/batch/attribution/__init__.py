"""Who gets the credit for a conversion: eight models, pure functions over plain data."""
