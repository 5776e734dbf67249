"""The public keys of an issuer, from a file, an address or its discovery document; read again when they change or a token names another."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from chassis.discovery import FETCH_SECONDS, endpoint, fetched, metadata
from chassis.logs import told

log = structlog.get_logger()
FILE_SECONDS: Final = 1.0
ADDRESS_SECONDS: Final = 300.0
"""How often the set is looked at, though no token asks for it: an issuer withdraws a key by leaving it out."""
RETRY_SECONDS: Final = 10.0
"""How often tokens that name unknown keys may have the set read: forged ones must not flood the issuer."""
_LARGEST: Final = 256 * 1024
_LEAST_RSA_BITS: Final = 2048
Key = ECKey | RSAKey


@dataclass(frozen=True)
class _Kind:
    """What a key of a set must be to verify by an algorithm (RFC 7518, section 3.1), and what of it is public."""

    kty: str
    crv: str | None
    public: tuple[str, ...]
    read: type[ECKey] | type[RSAKey]


_KINDS: Final = {
    "ES256": _Kind("EC", "P-256", ("kty", "crv", "x", "y"), ECKey),
    "ES384": _Kind("EC", "P-384", ("kty", "crv", "x", "y"), ECKey),
    "RS256": _Kind("RSA", None, ("kty", "n", "e"), RSAKey),
    "PS256": _Kind("RSA", None, ("kty", "n", "e"), RSAKey),
}


class KeySource:
    """An issuer's key set as it was last read.

    Args:
        where: a file, or an address that begins with http:// or https://; nothing where the discovery document says it.
        algorithms: that the keys must verify by.
        issuer: whose discovery document says where the set is.
        clock: seconds that only go up.
    """

    def __init__(
        self, where: str, algorithms: Sequence[str] = ("ES256",), issuer: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._where = where
        self._algorithms = algorithms
        self._issuer = issuer
        self._clock = clock
        self._remote = not where or where.startswith(("http://", "https://"))
        self._keys: Mapping[str | None, Key] = {}
        self._text = b""
        self._due = self._forced = float("-inf")
        self._reading = asyncio.Lock()
        self._beside: asyncio.Task[None] | None = None
        self.generation = 0
        """Grows whenever the set changes: what was verified before may not hold."""
        self.loaded = False
        self.trouble: str | None = "the key set was not read yet"

    async def current(self) -> int:
        """Read the set when it is time to; its generation. While there is a set, nobody waits for an address that may be away."""
        if self._clock() >= self._due:
            if not (self._remote and self.loaded):
                await self._read_when_due()
            elif self._beside is None or self._beside.done():
                self._beside = asyncio.create_task(self._read_when_due())
        return self.generation

    async def _read_when_due(self) -> None:
        async with self._reading:
            if self._clock() >= self._due:
                await self._read()

    async def find(self, kid: str | None) -> Key | None:
        """The key of that name; of a token that names none, the only key there is."""
        await self.current()
        if kid not in self._keys and self._clock() >= self._forced + (RETRY_SECONDS if self._remote else FILE_SECONDS):
            self._forced = self._clock()
            async with self._reading:
                await self._read()
        return self._keys.get(kid)

    async def lacks(self) -> str | None:
        """Why there is no key set to verify tokens by; None where there is one."""
        await self.current()
        return None if self.loaded else self.trouble

    async def _read(self) -> None:
        try:
            text = await self._fetch() if self._remote else _contents(Path(self._where))
            if text != self._text:
                self._take(text)
            self.trouble = None
        except (OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            self.trouble = f"the key set cannot be read: {told(error)}"
            log.warning("key_set_unreadable", error=told(error))
        self._due = self._clock() + self._pause()

    def _pause(self) -> float:
        if not (self._remote and self.loaded):
            return FILE_SECONDS
        return ADDRESS_SECONDS if self.trouble is None else RETRY_SECONDS

    async def _fetch(self) -> bytes:
        async with httpx2.AsyncClient(timeout=FETCH_SECONDS) as client:
            where = self._where or endpoint(await metadata(client, self._issuer), "jwks_uri")
            return await fetched(client, where)

    def _take(self, text: bytes) -> None:
        self._keys = keys_of(text, self._algorithms)
        self._text = text
        self.generation += 1
        self.loaded = True


def keys_of(text: bytes, algorithms: Sequence[str] = ("ES256",)) -> dict[str | None, Key]:
    """The signature keys of a JWK set that verify by one of the algorithms, by name, and under None the only one.

    Raises:
        ValueError: the text is not a key set, or holds no such key.
    """
    document = json.loads(text) if len(text) <= _LARGEST else None
    listed = document.get("keys") if isinstance(document, dict) else None
    usable = [(jwk, kind) for jwk in listed if (kind := _kind(jwk, algorithms))] if isinstance(listed, list) else []
    try:
        keys: dict[str | None, Key] = {jwk.get("kid"): _imported(jwk, kind) for jwk, kind in usable}
    except (JoseError, KeyError, TypeError, ValueError) as error:
        message = "a key of the set is not the public key that it says it is"
        raise ValueError(message) from error
    if not keys:
        message = f"the key set holds no key for {' or '.join(algorithms)}"
        raise ValueError(message)
    return keys | ({None: next(iter(keys.values()))} if len(keys) == 1 else {})


def _kind(jwk: Any, algorithms: Sequence[str]) -> _Kind | None:  # noqa: ANN401 - whatever the set lists
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid", ""), str) or jwk.get("use", "sig") != "sig":
        return None
    meant = [_KINDS[name] for name in algorithms if jwk.get("alg", name) == name]
    return next((kind for kind in meant if (jwk.get("kty"), jwk.get("crv")) == (kind.kty, kind.crv)), None)


def _imported(jwk: dict[str, Any], kind: _Kind) -> Key:
    key = kind.read.import_key({name: jwk[name] for name in kind.public})
    if isinstance(key, RSAKey) and key.raw_value.key_size < _LEAST_RSA_BITS:
        message = f"an RSA key of fewer than {_LEAST_RSA_BITS} bits"
        raise ValueError(message)
    return key


def _contents(file: Path) -> bytes:
    return file.read_bytes()
