"""Douyin as an ASGI app: the calls we make and the webhooks it sends."""
