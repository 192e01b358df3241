"""WeChat as an ASGI app: the calls we make and the pushes it makes."""
