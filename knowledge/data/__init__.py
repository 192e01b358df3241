"""Word lists that the code reads."""
