"""A whole job, rehearsed on a copy of one's own workspace, and what became of everyone in it."""
