"""Books of one address as a table."""
