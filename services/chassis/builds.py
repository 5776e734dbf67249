"""How positions and parked events of several builds of a model are told apart in one collection: by their key, and by `build` in them.

The command line's rights are by collection: so there is one, whichever build is live.
"""


def key_in(build: int | None, key: str) -> str:
    """What something is kept as in one build: its key alone, where there is no build or it is the first."""
    return key if build is None else f"{key}@{build}"


def without_build(key: str) -> str:
    """The key that `key_in` was given."""
    return key.partition("@")[0]
