"""Records as their reader may see them: opened for those who may, redacted for everyone else with a grant."""

from collections.abc import Sequence
from typing import Any

import structlog

from chassis.answers import may_open, note_sensitive_read
from chassis.keys import KeyStore, kid_of
from chassis.mongo import Document
from contracts.sealing import CannotOpenError, DataKey, redact, unseal
from contracts.state import State
from readmodel.access import Reader

log = structlog.get_logger()
Record = dict[str, Any]
Sealed = tuple[type[State], Document]
"""A stored record and the model that it is of."""


async def opened(keys: KeyStore, reader: Reader, records: Sequence[Sealed]) -> list[Record]:
    """Records as JSON, in their order, each as the reader's roles in its force allow; their keys are fetched in one query."""
    opening = {kid: document["force"] for _, document in records if _may_open(reader, document) and (kid := kid_of(document))}
    found = await keys.find_all(opening)
    shown = [_shown(model, document, found.get(kid_of(document) or "")) for model, document in records]
    for model, document in records:
        if document.get("sensitive") and kid_of(document) in found:
            note_sensitive_read(reader.subject, model.collection, document["force"], document["id"], document["version"])
    return shown


def redacted(model: type[State], document: Document) -> Record:
    """What everyone with a grant may see of a record."""
    return redact(model, document, sensitive=bool(document.get("sensitive")))


def _may_open(reader: Reader, document: Document) -> bool:
    return may_open(reader.roles_in(document["force"]), sensitive=bool(document.get("sensitive")))


def _shown(model: type[State], document: Document, key: DataKey | None) -> Record:
    if key is None:
        return redacted(model, document)
    try:
        return unseal(model, document, key).opened()
    except CannotOpenError:
        # One record that was tampered with must not hide a page of others.
        log.exception("record_does_not_open", force=document["force"], collection=model.collection, id=document["id"])
        return redacted(model, document)
