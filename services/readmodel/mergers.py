"""Organisations that turned out to be another one: which stands for which."""

from collections.abc import Mapping, Sequence

from contracts.places import Organisation
from readmodel.store import Store


def standing(subject: str, into: Mapping[str, str]) -> str:
    """The organisation that stands for one at the end of a chain of mergers; in a circle, some member of it."""
    passed = {subject}
    while (following := into.get(subject)) is not None and following not in passed:
        passed.add(following)
        subject = following
    return subject


async def merged_into(store: Store, forces: Sequence[str], subject: str) -> list[str]:
    """The organisations that one stands for, merged into it at first or at second hand."""
    found, fresh = {subject}, [subject]
    while fresh:
        where = {"force": {"$in": list(forces)}, "merged_into": {"$in": fresh}}
        rows = await store.of(Organisation).find(where, projection={"_id": 0, "id": 1})
        fresh = sorted({row["id"] for row in rows} - found)
        found.update(fresh)
    return sorted(found - {subject})
