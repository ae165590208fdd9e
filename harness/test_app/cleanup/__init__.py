"""Remove what a run made in a TEST app, by its ledger and nothing else."""
