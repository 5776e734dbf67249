"""The key store: a data key for each record, wrapped by its force's key-encryption key, kept apart from all data.

Key-encryption keys are files, `<keys_dir>/<force>/<generation>.key`, 32 bytes as unpadded base64url, read on first use.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from uuid_utils import uuid7

from chassis.mongo import Document, Mongo, Unavailable, UpdateOne
from contracts.sealing import KEY_BYTES, CannotOpenError, DataKey, base64url, from_base64url, unseal
from contracts.state import State

S = TypeVar("S", bound=State)
DATABASE: Final = "keys"
COLLECTION: Final = "data_keys"


class KeysUnavailable(Unavailable):
    """A force's key-encryption key cannot be read, so nothing of the force can be sealed."""


class KeyFiles:
    """The key-encryption keys of the forces, one file for each generation."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[tuple[str, int], bytes] = {}

    def current(self, force: str) -> tuple[int, bytes]:
        """Newest generation of a force's key, and the key."""
        try:
            # Looked at for every key that is made, so that a new generation counts at once: a glob would take many times as long.
            with os.scandir(self._directory / force) as files:
                generations = [
                    int(stem) for stem, dot, end in (file.name.partition(".") for file in files) if end == "key" and stem.isdigit()
                ]
        except FileNotFoundError:
            generations = []
        except OSError as error:
            raise KeysUnavailable(str(error)) from error
        if not generations:
            message = f"there is no key for {force} in {self._directory}: `roundtable forces add {force}` makes one"
            raise KeysUnavailable(message)
        return max(generations), self.of(force, max(generations))

    def of(self, force: str, generation: int) -> bytes:
        """The key of one generation."""
        if (force, generation) not in self._known:
            self._known[force, generation] = _read(self._directory / force / f"{generation}.key")
        return self._known[force, generation]

    def fingerprint(self, force: str, data: bytes, generation: int | None = None) -> str:
        """`<generation>:<HMAC-SHA-256>` of a request's body: comparable, and of no use without the force's key."""
        number, secret = self.current(force) if generation is None else (generation, self.of(force, generation))
        own = hmac.digest(secret, b"idempotency", "sha256")
        return f"{number}:{hmac.new(own, data, hashlib.sha256).hexdigest()}"

    def readable(self) -> None:
        """Return when the folder of keys can be listed.

        Raises:
            KeysUnavailable: it cannot.
        """
        try:
            next(iter(self._directory.iterdir()), None)
        except OSError as error:
            raise KeysUnavailable(str(error)) from error


@dataclass(frozen=True)
class NewKey:
    """A data key that the key store need not hold yet, and what it will hold of it."""

    key: DataKey
    wrapped: Document

    def storing(self) -> UpdateOne:
        """Stores it, unless it is there. The time is the database's: the sweep of orphans compares it with nothing else."""
        return UpdateOne({"_id": self.key.kid}, {"$setOnInsert": self.wrapped, "$currentDate": {"created_at": True}}, upsert=True)


class KeyStore:
    """Makes, finds and destroys data keys."""

    def __init__(self, mongo: Mongo, files: KeyFiles) -> None:
        self.files = files
        self._keys = mongo.collection(DATABASE, COLLECTION)

    def make(self, service: str, force: str, subject: str) -> NewKey:
        """A new data key for a record. Nothing is stored: `keep` it before any record that it seals is there.

        Raises:
            KeysUnavailable: the force's key-encryption key cannot be read.
        """
        generation, wrapping = self.files.current(force)
        key = DataKey(str(uuid7()), os.urandom(KEY_BYTES))
        wrapped = base64url(aes_key_wrap(wrapping, key.secret))
        return NewKey(key, {"service": service, "force": force, "subject": subject, "kek": generation, "wrapped": wrapped})

    async def keep(self, made: Sequence[NewKey]) -> None:
        """Store new data keys with majority; those that are stored already stay as they are."""
        await self._keys.bulk_write([new.storing() for new in made], ordered=False)

    async def create(self, service: str, force: str, subject: str) -> DataKey:
        """A new data key, stored with majority before any record that needs it."""
        new = self.make(service, force, subject)
        await self.keep([new])
        return new.key

    async def find(self, force: str, kid: str) -> DataKey | None:
        """The data key of a record, or None when it was destroyed."""
        return (await self.find_all({kid: force})).get(kid)

    async def find_all(self, forces_by_kid: Mapping[str, str]) -> dict[str, DataKey]:
        """The data keys that are there, by name, in one query."""
        found = await self._keys.find({"_id": {"$in": list(forces_by_kid)}}) if forces_by_kid else []
        return {key["_id"]: self._unwrap(key) for key in found if key["force"] == forces_by_kid[key["_id"]]}

    async def probe(self) -> None:
        """Return when key files and key store can be read.

        Raises:
            Unavailable: one of them cannot.
        """
        self.files.readable()
        await self._keys.find_one({}, {"_id": 1})

    async def destroy(self, kid: str) -> None:
        """Destroy a data key: whatever it sealed can never be read again."""
        await self._keys.delete_one({"_id": kid})

    async def made_between(self, service: str, since: datetime, until: datetime) -> set[tuple[str, str]]:
        """Force and id of the records of a service for which keys were made in a time, for the sweep of orphans."""
        found = await self._keys.find({"service": service, "created_at": {"$gte": since, "$lt": until}}, projection={"wrapped": 0})
        return {(key["force"], key["subject"]) for key in found}

    async def kids_of(self, force: str, subject: str, until: datetime) -> list[str]:
        """Names of a record's keys that were made before an instant."""
        found = await self._keys.find({"force": force, "subject": subject, "created_at": {"$lt": until}}, projection={"_id": 1})
        return [key["_id"] for key in found]

    def _unwrap(self, stored: Document) -> DataKey:
        try:
            wrapping = self.files.of(stored["force"], stored["kek"])
            return DataKey(stored["_id"], aes_key_unwrap(wrapping, from_base64url(stored["wrapped"])))
        except InvalidUnwrap as error:
            message = f"data key {stored['_id']} was not wrapped by generation {stored['kek']} of {stored['force']}'s key"
            raise KeysUnavailable(message) from error


def kid_of(wire: Mapping[str, Any]) -> str | None:
    """Name of the data key of a wire form; an erased one has none."""
    block = wire.get("sealed")
    return None if block is None else str(block["kid"])


def open_all(model: type[S], wires: Sequence[Document], keys: Mapping[str, DataKey]) -> list[S]:
    """Open stored wire forms with the keys at hand.

    Raises:
        KeysUnavailable: a key is missing or does not open its record. Neither is ever read as a record without words.
    """
    return [_open(model, wire, keys) for wire in wires]


def _open(model: type[S], wire: Document, keys: Mapping[str, DataKey]) -> S:
    kid = kid_of(wire)
    if kid is not None and kid not in keys:
        message = f"the data key of {wire['_id']} is not in the key store"
        raise KeysUnavailable(message)
    try:
        return unseal(model, wire, None if kid is None else keys[kid])
    except CannotOpenError as error:
        raise KeysUnavailable(str(error)) from error


def _read(file: Path) -> bytes:
    try:
        secret = from_base64url(file.read_text().strip())
    except (OSError, ValueError) as error:
        raise KeysUnavailable(str(error)) from error
    if len(secret) != KEY_BYTES:
        message = f"{file} does not hold {KEY_BYTES} bytes"
        raise KeysUnavailable(message)
    return secret


async def indexes(mongo: Mongo) -> None:
    """Indexes of the key store."""
    await mongo.collection(DATABASE, COLLECTION).create_index([("service", 1), ("created_at", 1)])
    await mongo.collection(DATABASE, COLLECTION).create_index([("force", 1), ("subject", 1)])
