"""Measurements, each beside its reference."""
