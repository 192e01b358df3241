"""The message catalogues: every text a customer reads that no model wrote."""
