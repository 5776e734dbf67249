"""What an operator types: the command line, the embedded stack and the importers."""
