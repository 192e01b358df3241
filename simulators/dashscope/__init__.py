"""DashScope as an ASGI app: text generation and text embedding."""
