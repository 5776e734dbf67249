"""Style sheets and scripts, served from the package under an address that changes with their contents."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

FOLDER: Final = Path(__file__).parent / "static"
FOREVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)


@cache
def files() -> dict[str, Path]:
    """Every asset by the name that stands in its address."""
    return {path.relative_to(FOLDER).as_posix(): path for path in sorted(FOLDER.rglob("*")) if path.suffix in _TYPES}


@cache
def edition() -> str:
    """One hash over all assets, so that a script may import its neighbour by a relative address."""
    contents = hashlib.sha256()
    for name, path in files().items():
        contents.update(name.encode() + b"\0" + path.read_bytes())
    return contents.hexdigest()[:16]


def address(name: str) -> str:
    """Where a page finds an asset.

    Raises:
        KeyError: there is no such asset.
    """
    if name not in files():
        raise KeyError(name)
    return f"/static/{edition()}/{name}"


@router.get("/static/{asked}/{name:path}", include_in_schema=False)
def asset(asked: str, name: str) -> Response:
    """An asset of this edition. Another edition's address may be asked during an upgrade: it gets ours, uncached."""
    path = files().get(name)
    if path is None:
        return Response(status_code=404)
    caching = FOREVER if asked == edition() else "no-cache"
    return FileResponse(path, media_type=_TYPES[path.suffix], headers={"Cache-Control": caching, "X-Content-Type-Options": "nosniff"})
