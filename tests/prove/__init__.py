"""Proofs that take minutes: `make prove` runs them whole, the slow tests a part."""
