"""The demo brand, and the town it lives in: platform simulators on loopback."""
