"""Parse a request: route, fields, pages, and the person that it names."""
