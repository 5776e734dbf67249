"""`roundtable load`: stub until the services take it."""



def load(file: str) -> None:
    """Load engagements through the public API."""
