"""Cases that try any reader of labels; each is built up from content that never had one."""
