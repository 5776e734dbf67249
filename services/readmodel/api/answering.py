"""Answers of the read model: JSON that no cache may keep."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from chassis.answers import etag, respond
from readmodel.opening import Record


def answered(content: Mapping[str, Any]) -> Response:
    """An answer that is not one record."""
    return respond(content, 200, {})


def recorded(record: Record) -> Response:
    """The answer that is one record, with its version."""
    version = record["version"]
    return respond(record, 200, {"ETag": etag(version), "X-Roundtable-Version": f"{record['id']}@{version}"})
