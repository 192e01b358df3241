"""Who works on what, in which order: jobs, shards, leases."""
