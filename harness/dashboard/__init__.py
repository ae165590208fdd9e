"""The pages that a sandbox serves under `/_sandbox/`: the dashboard and the live visitor."""
