"""The ways in which a subscriber can be told. Each is a file."""
