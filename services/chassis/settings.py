"""Settings: environment variables `ROUNDTABLE_…`, or files. A wrong one stops the service at start with a message that names it."""

import os
import re
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar

from limits import parse
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from chassis.issuers import read_issuers
from chassis.jwks import KeySource
from chassis.mongo import is_address, lacks_password
from chassis.networks import Networks
from chassis.secret_files import PREFIX, place_of, require_folder, secrets_folder, value_now
from chassis.trust import DEMONSTRATION, Trusted
from contracts.entry import problem, refuse

EX_CONFIG: Final = 78
"""Exit status of a program that was configured wrongly (`sysexits.h`)."""


_ONLY_IN_A_DEMONSTRATION: Final = problem(
    "demonstration",
    f"names {DEMONSTRATION}, whose key lies in the data folder: name your identity provider, or set {PREFIX}DEMONSTRATION=true",
)
_NO_RATE: Final = problem("wrong_rate", "must be a rate such as: 10000 per 10 seconds")


def _a_rate(written: str) -> str:
    """The text itself, if the library reads it as one rate that lets somebody through.

    Raises:
        ValueError: it does not.
    """
    try:
        rate = parse(written)
    except ValueError:
        rate = None
    if rate is None or rate.amount < 1 or re.search("[,;|]", written):
        raise _NO_RATE
    return written


Rate = Annotated[str, AfterValidator(_a_rate)]


class Settings(BaseSettings):
    """What every service is told by its environment. A service's own settings extend it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    home: Path = Field(Path(".roundtable"), description="Data folder of the embedded stack.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    instance: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
        description="Name of this process among its replicas, kept over restarts; it takes its partitions up again at once.",
    )
    database_prefix: str = Field("", pattern=r"^[a-z0-9_-]{0,20}$", description="Stands before the name of every database.")
    secrets_dir: Path | None = Field(
        None, description="Folder of files that hold settings: each is named as its setting, in small letters, and holds the value."
    )
    mongo_url: SecretStr = Field(description="MongoDB connection string of this service's own user, with the replica set's name.")
    mongo_password: SecretStr = Field(SecretStr(""), description="That user's password, where the connection string holds none.")
    mongo_driver: Literal["motor", "pymongo"] = Field("motor", description="MongoDB driver: `motor`, or PyMongo's own async API.")
    kafka_bootstrap_servers: str = Field(
        pattern=r"^[^\s,]+:\d+(,[^\s,]+:\d+)*$", description="Kafka brokers: `host:port`, separated by commas."
    )
    kafka_security_protocol: Literal["SASL_PLAINTEXT", "SASL_SSL", "PLAINTEXT"] = Field(
        "SASL_PLAINTEXT", description="How to speak to Kafka."
    )
    engines_ca: Path | None = Field(
        None, description="File of certificates (PEM) that those of Kafka and MongoDB are signed by; the system's when none is named."
    )
    kafka_username: str = Field("", description="SCRAM-SHA-512 user of this service.")
    kafka_password: SecretStr = Field(SecretStr(""), description="Its password.")
    jwks: str = Field(
        "", description="Key set that tokens are verified by, where one issuer signs all of them: a file, or an http(s) address."
    )
    issuer: str = Field("", description="That issuer (`iss`).")
    audience: str = Field("roundtable", min_length=1, description="Audience that tokens must name (`aud`).")
    issuers: Path | None = Field(
        None, description="File of trusted issuers, in the place of those three: several, or one with roles of its own."
    )
    demonstration: bool = Field(False, description="Whether the issuer may be the demonstration's, whose key lies in the data folder.")
    keys_dir: Path = Field(Path(".roundtable/keys"), description="Folder of the forces' key-encryption keys: `<force>/<n>.key`.")
    registry_poll_seconds: float = Field(5.0, gt=0, le=15, description="How often forces and grants are read.")
    outbox_limit: int = Field(
        100_000, ge=1, description="How many recorded events may wait for Kafka before writes are refused until they are fewer."
    )
    principal_rate: Rate = Field(
        "10000 per 10 seconds", description="How often a principal may ask one process: a number per number of seconds, minutes or hours."
    )
    attempt_rate: Rate = Field("300 per minute", description="How often an address may show a token that is not valid, or try to sign in.")
    anyone_rate: Rate = Field("600 per minute", description="How often an address may ask for what needs neither token nor session.")
    connections: int = Field(5_000, ge=1, description="Connections at once in one process; further ones are answered with 503.")
    trusted_proxies: Networks = Field(
        (), description="Networks of the gateways whose X-Forwarded-For says which address asks: 10.1.2.3/32, or a list in JSON."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least severe log lines that are written.")

    @field_validator("mongo_url")
    @classmethod
    def _is_an_address(cls, url: SecretStr) -> SecretStr:
        wrong = problem("wrong_form", "must be a connection string: mongodb://user:password@host:port/?replicaSet=name&authSource=admin")
        if not is_address(url.get_secret_value()):
            raise wrong
        return url

    @field_validator("engines_ca")
    @classmethod
    def _holds_certificates(cls, file: Path | None) -> Path | None:
        try:
            ssl.create_default_context(cafile=file)
        except OSError as error:
            wrong = problem("wrong_form", f"must be a file of certificates (PEM): {error.strerror or 'it cannot be read'}")
            raise wrong from error
        return file

    @model_validator(mode="after")
    def _signs_in_to_mongo(self) -> Self:
        if lacks_password(self.mongo_url.get_secret_value()) and not self.mongo_password.get_secret_value():
            reason = problem("missing", f"must be set, because {PREFIX}MONGO_URL names a user without a password")
            raise refuse(type(self), {"mongo_password": reason})
        return self

    @model_validator(mode="after")
    def _signs_in_to_kafka(self) -> Self:
        needed = {"kafka_username": self.kafka_username, "kafka_password": self.kafka_password.get_secret_value()}
        missing = [name for name, value in needed.items() if not value]
        if missing and self.kafka_security_protocol != "PLAINTEXT":
            reason = problem("missing", f"must be set, because {PREFIX}KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol}")
            raise refuse(type(self), dict.fromkeys(missing, reason))
        return self

    @model_validator(mode="after")
    def _knows_whom_to_trust(self) -> Self:
        if self.issuers is None:
            self._trusts_one_issuer()
        else:
            self._trusts_a_file(self.issuers)
        return self

    def _trusts_one_issuer(self) -> None:
        if missing := [name for name in ("jwks", "issuer") if not getattr(self, name)]:
            reason = problem("missing", f"must be set, unless {PREFIX}ISSUERS names a file of trusted issuers")
            raise refuse(type(self), dict.fromkeys(missing, reason))
        if self.issuer == DEMONSTRATION and not self.demonstration:
            raise refuse(type(self), {"issuer": _ONLY_IN_A_DEMONSTRATION})

    def _trusts_a_file(self, file: Path) -> None:
        try:
            named = [each.issuer for each in read_issuers(file)]
        except ValueError as error:
            raise refuse(type(self), {"issuers": problem("wrong_form", str(error))}) from error
        if DEMONSTRATION in named and not self.demonstration:
            raise refuse(type(self), {"issuers": _ONLY_IN_A_DEMONSTRATION})

    def trusted(self) -> list[Trusted]:
        """The issuers whose tokens count."""
        if self.issuers is not None:
            return [each.trusted() for each in read_issuers(self.issuers)]
        return [Trusted(self.issuer, self.audience, ("ES256",), KeySource(self.jwks))]

    def password_now(self, engine: Literal["kafka", "mongo"]) -> str:
        """The password of an engine that counts now: one that stands in a file may have become another since the start."""
        at_start: SecretStr = getattr(self, f"{engine}_password")
        return value_now(f"{engine}_password", self.secrets_dir) or at_start.get_secret_value()

    def secret_of(self, engine: str) -> str:
        """Where the password of an engine stands, for whoever has to mend it: its variable, or its file.

        Args:
            engine: `kafka` or `mongo`.
        """
        in_address = engine == "mongo" and not self.mongo_password.get_secret_value()
        return place_of("mongo_url" if in_address else f"{engine}_password", self.secrets_dir)


S = TypeVar("S", bound=Settings)


def load(settings: type[S], name: str) -> S:
    """Read the settings of the service `name` from the environment.

    Raises:
        SystemExit: with status 78, after one line on stderr for each wrong setting; none of them shows a value.
    """
    folder = secrets_folder(os.environ)
    try:
        require_folder(folder)
        read = settings(_secrets_dir=folder)
    except ValidationError as error:
        wrong = [(str(each["loc"][0]) if each["loc"] else "", each["msg"]) for each in error.errors(include_url=False, include_input=False)]
    except SettingsError as error:
        wrong = [(_field_named_in(str(error)), _why_unread(error))]
    except NotADirectoryError as error:
        wrong = [("secrets_dir", str(error))]
    else:
        _warn_of_unknown(settings, name, os.environ)
        return read
    for field, what in wrong:
        _say(f"{name}: {place_of(field, folder)}: {what.removeprefix('Value error, ')}")
    raise SystemExit(EX_CONFIG)


def _why_unread(error: SettingsError) -> str:
    reason = error.__cause__
    if isinstance(reason, OSError):
        return f"cannot be read: {reason.strerror}"
    return "is not text in UTF-8" if isinstance(reason, UnicodeDecodeError) else "is not written as it must be (JSON)"


def _field_named_in(message: str) -> str:
    found = re.search(r'field "(\w+)"', message)
    return found[1] if found else ""


def _warn_of_unknown(settings: type[Settings], name: str, environment: Mapping[str, str]) -> None:
    known = {PREFIX + field.upper() for field in settings.model_fields}
    unknown = sorted(key for key in environment if key.upper().startswith(PREFIX) and key.upper() not in known)
    if unknown:
        _say(f"{name}: warning: not a setting of this service: {', '.join(unknown)}")


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a program's last words, before there is a log
