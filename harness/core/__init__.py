"""Plain values that every other package shares. No I/O, and nothing but the standard library."""
