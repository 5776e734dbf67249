"""The data folder: where everything that outlives a start is kept."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_HOME = Path(".roundtable")


@dataclass(frozen=True)
class Home:
    """One data folder; every path that the stack keeps in it has its name here."""

    root: Path

    @classmethod
    def chosen(cls, root: Path | None) -> "Home":
        """The folder given, else that of `ROUNDTABLE_HOME`, else `.roundtable` here."""
        named = root or Path(os.environ.get("ROUNDTABLE_HOME") or DEFAULT_HOME)
        return cls(named.expanduser().resolve())

    @property
    def secrets(self) -> Path:
        """Passwords and the issuer's key: nobody else may list it."""
        return self.root / "secrets"

    @property
    def consumers(self) -> Path:
        """The `client.properties` of consumers that nobody has taken away yet."""
        return self.secrets / "consumers"

    @property
    def keys(self) -> Path:
        """Key-encryption keys, `<force>/<generation>.key`."""
        return self.root / "keys"

    @property
    def logs(self) -> Path:
        """One log for each child process."""
        return self.root / "logs"

    @property
    def kafka(self) -> Path:
        """Kafka's configuration and log."""
        return self.root / "kafka"

    @property
    def mongo(self) -> Path:
        """MongoDB's files."""
        return self.root / "mongo"

    @property
    def jwks(self) -> Path:
        """The public half of the demonstration issuer's key, in a folder that everyone may see."""
        return self.root / "public" / "jwks.json"

    @property
    def engines_ca(self) -> Path:
        """Whose signatures on the certificates of Kafka and MongoDB are taken, where the stack speaks TLS to them."""
        return self.root / "public" / "engines-ca.pem"

    @property
    def authority_key(self) -> Path:
        """The key that signs those certificates."""
        return self.secrets / "authority.pem"

    @property
    def authority_vouched(self) -> Path:
        """What the authority before says of the one that signs now, then what the one before that said of it, and so on."""
        return self.secrets / "authority-vouched.pem"

    @property
    def keyfile(self) -> Path:
        """The secret that the members of the replica set know each other by, or several in a list."""
        return self.secrets / "mongo" / "keyfile"

    @property
    def issuer_key(self) -> Path:
        """The demonstration issuer's key."""
        return self.secrets / "issuer.pem"

    @property
    def issuer_key_before(self) -> Path:
        """The one before, while what it signed is still good."""
        return self.secrets / "issuer-before.pem"

    @property
    def stack_file(self) -> Path:
        """Addresses of the stack that runs on this folder."""
        return self.root / "stack.json"

    def prepare(self) -> "Home":
        """Make the folders, closed to other users."""
        for folder in (self.root, self.secrets, self.keys, self.logs, self.kafka, self.mongo):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self
