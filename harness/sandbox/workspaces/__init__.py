"""All workspaces of one sandbox, and what may be done to each from outside of the API."""
