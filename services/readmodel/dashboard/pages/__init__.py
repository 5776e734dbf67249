"""One page a file, each with its template of the same name."""
