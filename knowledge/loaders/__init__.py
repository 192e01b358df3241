"""File formats to documents, one file a format."""
