"""The pytest plugin: options, collection of scenarios, fixtures."""
