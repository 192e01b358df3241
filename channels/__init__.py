"""Platforms to messages and back."""
