"""What the sandbox can be asked to do, one module per kind of thing; the route table says which path leads to which."""
