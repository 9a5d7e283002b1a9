"""From files to frozen dataclasses. Standard library only, so that every program can use them."""
