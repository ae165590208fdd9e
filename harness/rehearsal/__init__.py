"""A copy of a whole workspace: loading it, running a job on it, and telling what became of everyone."""
