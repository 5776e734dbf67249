"""Kafka identities for partners: each reads one force's topic and nothing else."""

import re
from pathlib import Path
from typing import Final

from confluent_kafka.admin import AclBinding

from contracts.topics import force_of, topic
from roundtable.credentials import password
from roundtable.errors import OperatorError
from roundtable.provisioning import acls, scram
from roundtable.provisioning.desk import Provisioning
from roundtable.provisioning.forces import require_registered
from roundtable.provisioning.names import COMMAND_LINE, SERVICES

# No dot, so that no consumer's group can lie below another's.
_NAME = re.compile(r"[a-z][a-z0-9-]{1,62}")
RESERVED: Final = frozenset({*SERVICES, COMMAND_LINE, "admin", "controller", "anonymous"})


def provision_consumer(desk: Provisioning, name: str, force: str) -> str:
    """Make the user, or give it a new password, and hold it to this force's topic; answers the password.

    Raises OperatorError for a name that is not allowed and for a force that is not registered.
    """
    check_name(name)
    require_registered(desk, force)
    fresh = password()
    scram.set_passwords(desk.kafka, {name: fresh})
    acls.allow_only(desk.kafka, name, consumer_rules(name, force))
    return fresh


def forces_lost(desk: Provisioning, name: str, force: str) -> list[str]:
    """The forces that an identity may read now, and no longer once it is provisioned for this one."""
    return [force_of(each) for each in acls.readable_topics(desk.kafka, name) if each != topic(force)]


def client_properties(
    bootstrap_servers: str, name: str, secret: str, security_protocol: str = "SASL_PLAINTEXT", ca: Path | None = None
) -> str:
    """The `client.properties` that Kafka's own tools read; with whose signatures to take, where those are not of a public authority."""
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    settings = {
        "bootstrap.servers": bootstrap_servers,
        "security.protocol": security_protocol,
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": f'{module} required username="{name}" password="{secret}";',
        "group.id": name,
    }
    if ca:
        certificates = ca.read_text(encoding="utf-8").strip().replace("\n", "\\n")
        settings |= {"ssl.truststore.type": "PEM", "ssl.truststore.certificates": certificates}
    return "\n".join(f"{key}={value}" for key, value in settings.items())


def properties_file(folder: Path, name: str) -> Path:
    """Where a consumer's `client.properties` are kept for whoever is to have them."""
    return folder / f"{name}.properties"


def forget_properties(folder: Path, name: str) -> None:
    """Delete the file of a consumer whose password is another by now, or none."""
    # A user that somebody made by hand may be called as no file should be.
    if _NAME.fullmatch(name):
        properties_file(folder, name).unlink(missing_ok=True)


def check_name(name: str) -> None:
    """Raise OperatorError for what no new consumer may be called."""
    if not _NAME.fullmatch(name):
        message = f"{name!r} cannot name a consumer: 2 to 63 small letters, digits and hyphens, a letter first"
        raise OperatorError(message)
    refuse_reserved(name)


def refuse_reserved(name: str) -> None:
    """Raise OperatorError for an identity that no consumer may have."""
    if name in RESERVED:
        message = f"{name} is an identity of Roundtable itself: choose another name"
        raise OperatorError(message)


def consumer_rules(name: str, force: str) -> list[AclBinding]:
    """All that a consumer may do."""
    groups = [acls.may_join(name, name), acls.may_join_below(name, f"{name}.")]
    return [*acls.may_read(name, topic(force)), *groups]
