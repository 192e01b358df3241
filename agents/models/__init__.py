"""The models that agents write with."""
