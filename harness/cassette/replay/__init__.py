"""Answer requests from a cassette, in strict order, and explain each request that has no recorded answer."""
