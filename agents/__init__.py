"""Turns to drafts: the graphs that write what may be said."""
