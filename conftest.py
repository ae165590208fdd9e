"""What pytest wants in the root folder: its plugin for testing plugins. Ours comes by its entry point, never by this file."""

pytest_plugins = ["pytester"]
