"""The public keys of the issuer, from a file or an address. They are read again when they change or a token names another."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx2
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from chassis.health import Unready
from chassis.logs import told

log = structlog.get_logger()
FILE_SECONDS: Final = 1.0
ADDRESS_SECONDS: Final = 300.0
"""How often the set is looked at, though no token asks for it: an issuer withdraws a key by leaving it out."""
RETRY_SECONDS: Final = 10.0
"""How often tokens that name unknown keys may have the set read: forged ones must not flood the issuer."""
_FETCH_SECONDS: Final = 3.0
_LARGEST: Final = 256 * 1024


class KeySource:
    """The issuer's key set as it was last read.

    Args:
        where: a file, or an address that begins with http:// or https://.
        clock: seconds that only go up.
    """

    def __init__(self, where: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._where = where
        self._clock = clock
        self._remote = where.startswith(("http://", "https://"))
        self._keys: Mapping[str | None, ECKey] = {}
        self._text = b""
        self._due = self._forced = float("-inf")
        self._reading = asyncio.Lock()
        self.generation = 0
        """Grows whenever the set changes: what was verified before may not hold."""
        self.loaded = False
        self.trouble: str | None = "the key set was not read yet"

    async def current(self) -> int:
        """Read the set when it is time to; its generation."""
        if self._clock() >= self._due:
            async with self._reading:
                if self._clock() >= self._due:
                    await self._read()
        return self.generation

    async def find(self, kid: str | None) -> ECKey | None:
        """The key of that name; of a token that names none, the only key there is."""
        await self.current()
        if kid not in self._keys and self._clock() >= self._forced + (RETRY_SECONDS if self._remote else FILE_SECONDS):
            self._forced = self._clock()
            async with self._reading:
                await self._read()
        return self._keys.get(kid)

    async def probe(self) -> None:
        """Return when there is a key set to verify tokens by."""
        await self.current()
        if not self.loaded:
            raise Unready(self.trouble or "there is no key set")

    async def _read(self) -> None:
        try:
            text = await self._fetch() if self._remote else _contents(Path(self._where))
            if text != self._text:
                self._take(text)
            self.trouble = None
        except (OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            self.trouble = f"the key set cannot be read: {told(error)}"
            log.warning("key_set_unreadable", error=told(error))
        pause = ADDRESS_SECONDS if self._remote and self.trouble is None else FILE_SECONDS
        self._due = self._clock() + pause

    async def _fetch(self) -> bytes:
        async with httpx2.AsyncClient(timeout=_FETCH_SECONDS) as client:
            answer = await client.get(self._where)
            answer.raise_for_status()
            return answer.content

    def _take(self, text: bytes) -> None:
        self._keys = keys_of(text)
        self._text = text
        self.generation += 1
        self.loaded = True


def keys_of(text: bytes) -> dict[str | None, ECKey]:
    """The P-256 signature keys of a JWK set, by name, and under None the only one.

    Raises:
        ValueError: the text is not a key set, or holds no such key.
    """
    document = json.loads(text) if len(text) <= _LARGEST else None
    listed = document.get("keys") if isinstance(document, dict) else None
    usable = [jwk for jwk in listed if _verifies(jwk)] if isinstance(listed, list) else []
    try:
        keys: dict[str | None, ECKey] = {jwk.get("kid"): ECKey.import_key(_public(jwk)) for jwk in usable}
    except (JoseError, KeyError, TypeError, ValueError) as error:
        message = "a key of the set is not an EC public key"
        raise ValueError(message) from error
    if not keys:
        message = "the key set holds no ES256 key"
        raise ValueError(message)
    return keys | ({None: next(iter(keys.values()))} if len(keys) == 1 else {})


def _verifies(jwk: Any) -> bool:  # noqa: ANN401 - whatever the set lists
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid", ""), str):
        return False
    return (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256") and jwk.get("use", "sig") == "sig" and jwk.get("alg", "ES256") == "ES256"


def _public(jwk: dict[str, Any]) -> dict[str, Any]:
    return {name: jwk[name] for name in ("kty", "crv", "x", "y")}


def _contents(file: Path) -> bytes:
    return file.read_bytes()
