"""The SQLite database of one workspace, one module for each kind of thing in it."""
