"""Keep the interactions of a run in a journal, and write them to a file whole or not at all."""
