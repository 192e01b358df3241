"""The platforms as ASGI apps that speak the real wire format."""
