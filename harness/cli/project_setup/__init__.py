"""What `harness init` knows of projects: what they are, where they convert people, and the files that it writes."""
