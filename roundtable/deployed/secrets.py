"""The secrets of a deployment: made once and all together, then only ever looked at."""

import re
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from roundtable.credentials import Credentials, write_once
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.identity import Issuer
from roundtable.native.kafka.server import new_cluster
from roundtable.native.mongo.server import new_keyfile
from roundtable.provisioning.services import COMMAND_LINE, SERVICES

KAFKA_USERS: Final = ("admin", "controller", *SERVICES)
MONGO_USERS: Final = ("admin", COMMAND_LINE, *SERVICES)
_PASSWORD = re.compile(r"[A-Za-z0-9_-]{16,128}")
_KEYFILE = re.compile(r"[A-Za-z0-9+/=]{6,1024}")
_CLUSTER = re.compile(r"[A-Za-z0-9_-]{22}")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Secret:
    """A file, and what its content must be."""

    file: Path
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


def keyfile(home: Home) -> Path:
    """Where the secret stands that the members of the replica set know each other by."""
    return home.secrets / "mongo" / "keyfile"


def secrets_of(home: Home) -> Iterator[Secret]:
    """Every secret of a deployment."""
    passwords = Credentials(home.secrets)
    for engine, users in (("kafka", KAFKA_USERS), ("mongo", MONGO_USERS)):
        for user in users:
            yield Secret(passwords.file(engine, user), _PASSWORD.fullmatch, "a password")
    yield Secret(keyfile(home), _KEYFILE.fullmatch, "6 to 1024 characters of base64")
    yield Secret(cluster_file(home), _CLUSTER.fullmatch, "the id of a Kafka cluster")
    yield Secret(home.issuer_key, _is_key, "a private key of the curve P-256")


def make_secrets(home: Home) -> None:
    """Make all of them, or none: whoever is interrupted leaves nothing that a later start could take for the whole."""
    draft = Home(home.root / ".draft")
    shutil.rmtree(draft.root, ignore_errors=True)
    draft.secrets.mkdir(mode=0o700, parents=True)
    passwords = Credentials(draft.secrets)
    for engine, users in (("kafka", KAFKA_USERS), ("mongo", MONGO_USERS)):
        for user in users:
            passwords.of(engine, user)
    write_once(keyfile(draft), new_keyfile())
    write_once(cluster_file(draft), new_cluster())
    Issuer(draft)
    draft.secrets.rename(home.secrets)
    draft.root.rmdir()


def check_secrets(home: Home) -> None:
    """Raise OperatorError that names each secret that is missing or wrong."""
    faults = [fault for secret in secrets_of(home) if (fault := secret.fault())]
    if faults:
        raise OperatorError("\n".join(faults))


def _is_key(pem: str) -> bool:
    try:
        return ECKey.import_key(pem).is_private
    except (JoseError, ValueError, TypeError):
        return False
