"""One difference between what the file says and what there is, with what makes it go away."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pymongo import MongoClient

from roundtable.credentials import Credentials
from roundtable.provisioning import Provisioning
from roundtable.provisioning.desk import Document


@dataclass(frozen=True)
class Bench:
    """What changes are made with.

    Attributes:
        desk: the clients of the operator.
        administrator: a client that may make users in MongoDB.
        passwords: those of Roundtable's own identities.
        credentials: the folder that a new consumer's `client.properties` are written to.
        properties: the `client.properties` of a consumer, by its name and password.
    """

    desk: Provisioning
    administrator: MongoClient[Document]
    passwords: Credentials
    credentials: Path
    properties: Callable[[str, str], str]


@dataclass(frozen=True)
class Change:
    """`+` what is missing, `~` what is not as it shall be, `-` what there may be no more.

    Attributes:
        make: brings it about; again, or beside somebody else who does, it does no harm.
    """

    sign: Literal["+", "~", "-"]
    what: str
    make: Callable[[Bench], object]

    def __str__(self) -> str:
        return f"{self.sign} {self.what}"
