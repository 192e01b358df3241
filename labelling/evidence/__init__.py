"""What proves the audit log: a Merkle tree, signed heads, bundles and their verifier."""
