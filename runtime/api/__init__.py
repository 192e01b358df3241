"""The HTTP edge: webhooks, the web chat, health."""
