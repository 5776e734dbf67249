"""The secrets of a deployment: made once and all together, then only ever looked at.

A list beside them says which were made. One that is listed and not there was lost, and is never made anew, because the
engines keep the old one; one that is not listed came with a newer release, and is made by its first start.
"""

import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from roundtable.certificates import is_private_key, new_private_key
from roundtable.credentials import Credentials, password, write_once, write_private
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.identity import new_key
from roundtable.native.kafka.server import new_cluster
from roundtable.native.mongo.server import new_keyfile
from roundtable.provisioning.services import COMMAND_LINE, SERVICES

KAFKA_USERS: Final = ("admin", "controller", *SERVICES)
MONGO_USERS: Final = ("admin", COMMAND_LINE, *SERVICES)
_PASSWORD = re.compile(r"[A-Za-z0-9_-]{16,128}")
_KEYFILE = re.compile(r"[A-Za-z0-9+/=]{6,1024}|(- [A-Za-z0-9+/=]{6,1024}\n?){1,2}")
_CLUSTER = re.compile(r"[A-Za-z0-9_-]{22}")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Secret:
    """A file, how its content is made, and what it must be."""

    file: Path
    make: Callable[[], str]
    is_right: Callable[[str], object]
    form: str

    def fault(self) -> str | None:
        """What is wrong with it, in a sentence that names the file; None when nothing is."""
        try:
            content = self.file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return f"{self.file} is missing: put it back from your backup"
        except (OSError, UnicodeDecodeError) as reason:
            return f"{self.file} cannot be read: {getattr(reason, 'strerror', None) or 'it is not text'}"
        if self.file.stat().st_mode & _OTHERS:
            return f"{self.file} can be read by others: chmod 600 it"
        return None if self.is_right(content) else f"{self.file} does not hold {self.form}: put it back from your backup"


def cluster_file(home: Home) -> Path:
    """Where the id of Kafka's cluster stands."""
    return home.secrets / "kafka-cluster"


def secrets_of(home: Home) -> Iterator[Secret]:
    """Every secret of a deployment."""
    passwords = Credentials(home.secrets)
    for engine, users in (("kafka", KAFKA_USERS), ("mongo", MONGO_USERS)):
        for user in users:
            yield Secret(passwords.file(engine, user), password, _PASSWORD.fullmatch, "a password")
    yield Secret(home.keyfile, new_keyfile, _KEYFILE.fullmatch, "6 to 1024 characters of base64, or a list of such")
    yield Secret(home.authority_key, new_private_key, is_private_key, "a private key of the curve P-256")
    yield Secret(cluster_file(home), new_cluster, _CLUSTER.fullmatch, "the id of a Kafka cluster")
    yield Secret(home.issuer_key, new_key, _is_key, "a private key of the curve P-256")


def make_secrets(home: Home) -> list[Path]:
    """Make all of them, or none: whoever is interrupted leaves nothing that a later start could take for the whole."""
    draft = Home(home.root / ".draft")
    shutil.rmtree(draft.root, ignore_errors=True)
    draft.secrets.mkdir(mode=0o700, parents=True)
    made = _make(draft, secrets_of(draft))
    draft.secrets.rename(home.secrets)
    draft.root.rmdir()
    return [home.secrets / file.relative_to(draft.secrets) for file in made]


def add_secrets(home: Home) -> list[Path]:
    """Make those that an older release did not have; tells which. Raises OperatorError when it is not known which those are."""
    if not _list(home).exists():
        message = f"{_list(home)} is missing: put it back from your backup"
        raise OperatorError(message)
    known = _listed(home)
    return _make(home, (secret for secret in secrets_of(home) if _name(home, secret) not in known))


def check_secrets(home: Home) -> None:
    """Raise OperatorError that names each secret that is missing or wrong."""
    faults = [fault for secret in secrets_of(home) if (fault := secret.fault())]
    if faults:
        raise OperatorError("\n".join(faults))


def _make(home: Home, secrets: Iterable[Secret]) -> list[Path]:
    """Make secrets, then list them: what an interrupted start made and did not list is taken up by the next one."""
    made = list(secrets)
    for secret in made:
        write_once(secret.file, secret.make())
    if made:
        names = _listed(home) | {_name(home, secret) for secret in made}
        draft = _list(home).with_suffix(".draft")
        write_private(draft, "".join(f"{name}\n" for name in sorted(names)))
        draft.replace(_list(home))
    return [secret.file for secret in made]


def _listed(home: Home) -> set[str]:
    return set(_list(home).read_text(encoding="utf-8").split()) if _list(home).exists() else set()


def _list(home: Home) -> Path:
    return home.secrets / "made"


def _name(home: Home, secret: Secret) -> str:
    return secret.file.relative_to(home.secrets).as_posix()


def _is_key(pem: str) -> bool:
    try:
        return ECKey.import_key(pem).is_private
    except (JoseError, ValueError, TypeError):
        return False
