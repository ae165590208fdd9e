"""Keep code under test from reaching anything but the harness's doors and the declared addresses."""
