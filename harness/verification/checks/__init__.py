"""The claims, each a pure function over reads taken before and after."""
