"""Texts to dense vectors."""
