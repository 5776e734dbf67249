"""The OpenAPI document, and the page at `/docs` that shows its operations. It needs nothing from anywhere else."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from chassis.documents import operations, worked_example
from chassis.rates import by_address

router = APIRouter(dependencies=[Depends(by_address)], include_in_schema=False)
_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; color: #17202a; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { font-size: 1.05rem; margin: 2rem 0 .25rem; border-top: 1px solid #cfd6dd; padding-top: 1rem }
code, pre { font: .9rem/1.45 ui-monospace, monospace } pre { background: #f2f5f7; padding: .75rem 1rem; overflow-x: auto }
.method { color: #0b4f8a } table { border-collapse: collapse } td { padding: .1rem 1rem .1rem 0; vertical-align: top }
"""
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@router.get("/openapi.json")
async def document(request: Request) -> Response:
    """Show the document itself."""
    return Response(request.app.written(), media_type="application/json")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Show the operations of the service with their examples."""
    return HTMLResponse(page(request.app.openapi()), headers={"Content-Security-Policy": _POLICY})


def page(document: Mapping[str, Any]) -> str:
    """The page of one document."""
    info = document["info"]
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])}</title><style>{_STYLE}</style>'
    intro = f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>"
    link = '<p><a href="openapi.json">OpenAPI document</a></p>'
    return head + intro + link + "".join(_operation(name, each) for name, each in operations(document)) + "</html>"


def _operation(name: str, operation: Mapping[str, Any]) -> str:
    return "".join(_parts(name, operation))


def _parts(name: str, operation: Mapping[str, Any]) -> Iterator[str]:
    method, path = name.split(" ", 1)
    yield f'<h2 id="{escape(operation.get("operationId", name))}"><code><span class="method">{method}</span> {escape(path)}</code></h2>'
    yield f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p>"
    if parameters := operation.get("parameters"):
        yield "<table>" + "".join(_parameter(each) for each in parameters) + "</table>"
    if shown := worked_example(operation):
        yield f"<pre>{escape(shown if isinstance(shown, str) else json.dumps(shown, indent=2, ensure_ascii=False))}</pre>"
    yield f"<p>Answers: {escape(', '.join(operation['responses']))}</p>"


def _parameter(parameter: Mapping[str, Any]) -> str:
    need = "" if parameter.get("required") else " (optional)"
    name, where, what = (escape(parameter.get(part, "")) for part in ("name", "in", "description"))
    return f"<tr><td><code>{name}</code>{need}<td>{where}<td>{what}"
