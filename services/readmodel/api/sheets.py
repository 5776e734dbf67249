"""Lists as text/csv (RFC 4180), for a spreadsheet: one row for each record, one column for each field."""

import csv
import io
import json
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from fastapi import Response

from contracts.state import State
from readmodel.accepting import preferred
from readmodel.api.asking import Asked
from readmodel.filters import Filters
from readmodel.opening import Record
from readmodel.views.records import Listed

log = structlog.get_logger()
MEDIA_TYPE: Final = "text/csv"
DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": "JSON, or text/csv where `Accept` prefers it"}
}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""


def wanted(accept: str) -> bool:
    """Whether `Accept` prefers text/csv to JSON."""
    return preferred(accept, ("application/json", MEDIA_TYPE)) == MEDIA_TYPE


def answer(asked: Asked, filters: Filters, page: Listed) -> Response:
    """A page as a sheet. The next one is where `Link` says. Who exported what is logged."""
    forces = sorted({record["force"] for record in page.items})
    log.info("exported", subject=asked.visit.subject, collection=filters.model.collection, forces=forces, records=len(page.items))
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{filters.model.collection}.csv"'}
    if page.next is not None:
        headers["Link"] = f'<?{_following(filters, page.next)}>; rel="next"'
    return Response(sheet(filters.model, page.items), 200, headers, f"{MEDIA_TYPE}; charset=utf-8; header=present")


def _following(filters: Filters, cursor: str) -> str:
    """The query of the next page: everything that this one was asked for, and its cursor."""
    asked = filters.model_dump(mode="json", by_alias=True, exclude_unset=True) | {"cursor": cursor}
    return urlencode({name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()}, doseq=True)


def sheet(model: type[State], records: list[Record]) -> str:
    """Records as text; what is sealed from the reader is an empty cell."""
    columns = [name for name in model.model_fields if name != "last_event"]
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows([_cell(record.get(column)) for column in columns] for record in records)
    return written.getvalue()


def _cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _plain("; ".join(value))
    return _plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _plain(text: str) -> str:
    """Text that no spreadsheet runs."""
    return f"'{text}" if text.startswith(_FORMULA) else text
