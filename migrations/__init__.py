"""Database revisions, shipped so that an installed wheel can upgrade its own database."""
