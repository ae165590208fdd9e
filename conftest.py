"""What pytest wants in the root folder: its plugin for testing plugins. Our own comes by its entry point, not here."""

pytest_plugins = ["pytester"]
