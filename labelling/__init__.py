"""What may leave: drafts, labels, and the gate between them."""
