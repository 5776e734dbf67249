"""How something of the product is exchanged in this one process, before its `main` runs."""


def exchange(owner: object, name: str, new: object) -> None:
    """Put something else in the place of a function or a constant; the name must be there."""
    if not hasattr(owner, name):
        message = f"{owner} has no {name} any more: say what guards now"
        raise AttributeError(message)
    setattr(owner, name, new)
