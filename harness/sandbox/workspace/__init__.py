"""One workspace: its settings, its people, its subscription types."""
