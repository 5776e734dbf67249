"""Starts mongod on the data folder and waits until it is the primary of a replica set of one."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from pymongo.errors import PyMongoError

from roundtable.certificates import CERTIFICATE, TRUSTED
from roundtable.credentials import Credentials, write_once
from roundtable.home import Home
from roundtable.native.mongo import replica_set
from roundtable.native.mongo.binary import mongod
from roundtable.native.ports import LOOPBACK, answers, kept_ports
from roundtable.native.processes import Child, Command, Started

START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_CACHE_GB = "0.5"
_TRANSACTION_SECONDS = 10
"""How long a transaction may stay open (60 s by default). One whose process was killed stands in the way of all who write the same."""


@dataclass(frozen=True)
class Mongo:
    """A mongod at its loopback port; it answers once `await_ready` has returned."""

    child: Started
    port: int
    secrets: Credentials
    ca: Path | None = None
    """Whose signature its certificate bears, where it speaks TLS."""

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self.port}"

    def await_ready(self) -> None:
        """Wait until it accepts writes, initiating the replica set on the first start.

        Raises OperatorError when it does not.
        """
        self.child.await_answer(lambda: None if answers(self.port) else "does not answer", START_SECONDS)
        self.secrets.put_right("mongo", "admin", lambda password: self._seat(password).lets_in())
        replica_set.ensure(self.seat)
        self.child.await_answer(self._missing, START_SECONDS)

    def url(self, user: str, password: str) -> str:
        """The connection string of this identity."""
        return connection_string(self.address, user, password, self.ca)

    @property
    def seat(self) -> replica_set.Seat:
        """Where its administrator sits."""
        return self._seat(self.secrets.of("mongo", "admin"))

    def client(self) -> replica_set.Client:
        """A client of the administrator; the caller closes it."""
        return self.seat.client()

    def _seat(self, password: str) -> replica_set.Seat:
        return replica_set.Seat(self.address, password, self.ca)

    def _missing(self) -> str | None:
        try:
            with self.client() as client:
                return None if client.admin.command("hello")["isWritablePrimary"] else "is not the primary of its set"
        except PyMongoError as failure:
            return f"does not serve its administrator ({failure})"


def connection_string(address: str, user: str, password: str | None = None, ca: Path | None = None) -> str:
    """The connection string of an identity of a replica set.

    Args:
        address: hosts and ports of its members.
        user: who signs in.
        password: that user's; left out where it is told apart.
        ca: whose signatures on their certificates are taken, where they speak TLS.
    """
    options = f"replicaSet={replica_set.NAME}&authSource=admin&readConcernLevel=majority{replica_set.tls_options(ca)}"
    return f"mongodb://{user if password is None else f'{user}:{password}'}@{address}/?{options}"


def start(home: Home, certificates: Path | None = None) -> tuple[Mongo, Child]:
    """Start the mongod of this data folder; with certificates it speaks TLS."""
    port, options = configured(home)
    argv = (mongod(), *options, *(_tls(certificates) if certificates else ()))
    child = Child(Command("mongo", argv, home.logs / "mongo.log", grace=_STOP_SECONDS))
    return Mongo(child, port, Credentials(home.secrets), home.engines_ca if certificates else None), child


def configured(home: Home, bind: str = LOOPBACK) -> tuple[int, tuple[str, ...]]:
    """The port of this data folder's mongod and the options to start it with; its keyfile is written."""
    port = kept_ports(home.mongo / "ports.json", ("clients",))["clients"]
    _adopt_keyfile(home)
    write_once(home.keyfile, new_keyfile())
    return port, _options(home, port, bind)


def _adopt_keyfile(home: Home) -> None:
    """Take over the file of a start before 0.2, which had it elsewhere."""
    before = home.secrets / "mongo-keyfile"
    if before.exists():
        home.keyfile.parent.mkdir(mode=0o700, exist_ok=True)
        before.rename(home.keyfile)


def _tls(certificates: Path) -> tuple[str, ...]:
    """By TLS and by nothing else. Clients show passwords, and no certificates."""
    files = ("--tlsCertificateKeyFile", str(certificates / CERTIFICATE), "--tlsCAFile", str(certificates / TRUSTED))
    return ("--tlsMode", "requireTLS", *files, "--tlsAllowConnectionsWithoutCertificates")


def new_keyfile() -> str:
    """A secret that the members of a set know each other by: MongoDB takes 6 to 1024 characters of base64."""
    return secrets.token_hex(32)


def _options(home: Home, port: int, bind: str) -> tuple[str, ...]:
    data = home.mongo / "data"
    data.mkdir(exist_ok=True)
    options = {
        "--dbpath": str(data),
        "--port": str(port),
        "--bind_ip": bind,
        "--replSet": replica_set.NAME,
        "--keyFile": str(home.keyfile),
        "--wiredTigerCacheSizeGB": _CACHE_GB,
    }
    parameters = ("diagnosticDataCollectionEnabled=false", f"transactionLifetimeLimitSeconds={_TRANSACTION_SECONDS}")
    pairs = [word for option in (*options.items(), *(("--setParameter", each) for each in parameters)) for word in option]
    return ("--auth", "--nounixsocket", "--quiet", *pairs)
