"""A new key-encryption key of a force: every data key is wrapped by it anew, and nothing that was sealed changes."""

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from pymongo import UpdateOne

from chassis.keys import COLLECTION, DATABASE, KeyFiles
from contracts.sealing import base64url, from_base64url
from roundtable.native.kafka.jars import Tell
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import require_registered
from roundtable.provisioning.desk import Document
from roundtable.provisioning.forces import add_generation

_BATCH = 1_000


def rotate_keys(desk: OperatorDesk, force: str, tell: Tell) -> None:
    """Make the next generation of a force's key and wrap all its data keys by it. Broken off, the next run wraps the rest.

    The generation before stays: requests of the last seven days are compared by it, and it opens backups.

    Raises:
        OperatorError: there is no such force.
    """
    require_registered(desk.provisioning, force)
    generation = add_generation(desk.home.keys, force)
    tell(f"{force} has a key of generation {generation}; the services take it from now on")
    tell(f"{_wrap_anew(desk, force, generation)} data keys are wrapped by it")


def _wrap_anew(desk: OperatorDesk, force: str, generation: int) -> int:
    files = KeyFiles(desk.home.keys)
    stored = desk.provisioning.database(DATABASE)[COLLECTION]
    done = 0
    while batch := list(stored.find({"force": force, "kek": {"$lt": generation}}).limit(_BATCH)):
        done += stored.bulk_write([_exchange(files, key, force, generation) for key in batch], ordered=False).modified_count
    return done


def _exchange(files: KeyFiles, key: Document, force: str, generation: int) -> UpdateOne:
    secret = aes_key_unwrap(files.of(force, key["kek"]), from_base64url(key["wrapped"]))
    wrapped = base64url(aes_key_wrap(files.of(force, generation), secret))
    # A key that was destroyed meanwhile does not come back.
    return UpdateOne({"_id": key["_id"], "kek": key["kek"]}, {"$set": {"kek": generation, "wrapped": wrapped}})
