"""Facts with their sources: loading, indexing, retrieval."""
