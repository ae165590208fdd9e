"""The cassette as a value and as text on disk: bodies, ids by name, diffs, match keys."""
