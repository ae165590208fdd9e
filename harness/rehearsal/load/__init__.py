"""Loading a workspace: from exports, under pseudonyms, or made up."""
