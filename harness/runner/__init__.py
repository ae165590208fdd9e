"""Play a scenario from given to then: open a backend, record or replay it, run the pipeline, and conclude."""
