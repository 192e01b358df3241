"""What puts labels into content, one file a kind of label or container."""
