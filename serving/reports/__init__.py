"""Reports by e-mail: which period, its figures, how they look, how they travel."""
