"""WeChat: each front is one channel."""
