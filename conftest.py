"""What pytest wants in the root folder: the plugin that tests plugins. Ours comes by its entry point and is not named here."""

pytest_plugins = ["pytester"]
