"""Judge and show committed cassettes: proof, staleness, drift, and what changed between two recordings."""
