"""Douyin (抖音): the webhooks and messages of its open platform."""
