"""How labels are found, one module a family of containers; it shares no code with the writers."""
