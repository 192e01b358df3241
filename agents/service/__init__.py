"""The graph that answers a customer's question from the brand's knowledge."""
