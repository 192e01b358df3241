"""The reference channel: our own chat page, which streams labelled answers."""
