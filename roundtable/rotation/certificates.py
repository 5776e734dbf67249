"""New certificates for Kafka and MongoDB, and a new authority that signs them: the engines take them up while they run."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from cryptography import x509

from roundtable.administrator import administrator
from roundtable.certificates import CERTIFICATE, TRUSTED, Authority, publish, shown_at
from roundtable.credentials import replace_private
from roundtable.deployed.nodes import GIVEN
from roundtable.deployed.settings import Deployment
from roundtable.errors import OperatorError
from roundtable.native.kafka.jars import Tell
from roundtable.native.ports import LOOPBACK
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning.desk import ANSWER_SECONDS, settle

_LISTENERS: Final = ("clients", "controller")
_TICK: Final = 0.5


@dataclass(frozen=True)
class Node:
    """A broker, or all members of the replica set, which share a certificate."""

    folder: str
    """Of its secrets."""
    names: tuple[str, ...]
    """That its certificate is for."""
    addresses: tuple[str, ...]
    number: int = 0
    """Of a broker."""


def rotate_certificates(desk: OperatorDesk, tell: Tell) -> None:
    """Give each engine a new key and certificate, and wait until it shows it.

    Raises:
        OperatorError: the stack does not speak TLS, or an engine goes on showing the certificate before.
    """
    _require_tls(desk)
    authority = Authority(desk.home)
    for node in _nodes(desk):
        authority.issue(node.folder, node.names)
        _take_up(desk, node)
        tell(f"{', '.join(node.addresses)} shows a new certificate")


def rotate_authority(desk: OperatorDesk, tell: Tell) -> None:
    """Make a new authority, trusted beside the one before, then new certificates of its own.

    Raises:
        OperatorError: as `rotate_certificates`.
    """
    _require_tls(desk)
    if Authority(desk.home).is_beside_another():
        tell("goes on with the authority that was made before: `rotate authority --forget` ends a rotation")
    else:
        Authority(desk.home).succeed()
        tell("a new authority signs from now on, and is trusted beside the one before")
    rotate_certificates(desk, tell)
    _reload_trust(desk)


def forget_authority(desk: OperatorDesk, tell: Tell) -> None:
    """End the trust in every authority but the one that signs now. Whoever reads its file anew takes no signature of another.

    Raises:
        OperatorError: an engine shows what an earlier authority signed.
    """
    _require_tls(desk)
    authority = Authority(desk.home)
    for node in _nodes(desk):
        _require_shown(desk, node, authority)
    publish(desk.home, [authority.certificate()])
    _reload_trust(desk)
    tell("no other authority is trusted any more")


def _require_tls(desk: OperatorDesk) -> Path:
    """Whose signatures are taken."""
    if desk.addresses.engines_ca is None:
        message = "this stack does not speak TLS to its engines: start it with `roundtable demo --tls`"
        raise OperatorError(message)
    return desk.addresses.engines_ca


def _nodes(desk: OperatorDesk) -> list[Node]:
    brokers = tuple(desk.addresses.bootstrap_servers.split(","))
    members = tuple(desk.addresses.mongo.split(","))
    if Deployment.told() is None:
        names = (LOOPBACK, "localhost")
        return [Node("kafka", names, brokers, number=1), Node("mongo", names, members)]
    of_brokers = [Node(_host(each), (_host(each), LOOPBACK), (each,), number) for number, each in enumerate(brokers, start=1)]
    return [*of_brokers, Node("mongo", (*map(_host, members), LOOPBACK), members)]


def _require_shown(desk: OperatorDesk, node: Node, authority: Authority) -> None:
    """Raise OperatorError where an engine shows what an earlier authority signed: it would be trusted by nobody."""
    if any(shown.issuer != authority.name for shown in _shown(desk, node)):
        message = f"{', '.join(node.addresses)} shows a certificate of the authority before: run `rotate authority` to its end first"
        raise OperatorError(message)


def _reload_trust(desk: OperatorDesk) -> None:
    for node in _nodes(desk):
        replace_private(desk.home.secrets / node.folder / TRUSTED, desk.home.engines_ca.read_text(encoding="utf-8"))
        if node.number:
            _tell_broker(desk, node, "truststore", TRUSTED)
        else:
            _tell_members(desk, node)


def _take_up(desk: OperatorDesk, node: Node) -> None:
    """Tell an engine until it shows its new certificate: a broker may take the first word for nothing new."""
    file = desk.home.secrets / node.folder / CERTIFICATE
    wanted = x509.load_pem_x509_certificate(file.read_bytes()).serial_number
    deadline = time.monotonic() + ANSWER_SECONDS
    while any(shown.serial_number != wanted for shown in _shown(desk, node)):
        if time.monotonic() > deadline:
            message = f"{', '.join(node.addresses)} goes on showing its old certificate: start it again"
            raise OperatorError(message)
        if node.number:
            _tell_broker(desk, node, "keystore", CERTIFICATE)
        else:
            _tell_members(desk, node)
        # It answers before it has looked at the file.
        time.sleep(_TICK)


def _tell_broker(desk: OperatorDesk, node: Node, store: str, file: str) -> None:
    """Name the same file again: a broker then looks whether it was changed."""
    folder = desk.home.secrets / node.folder if Deployment.told() is None else GIVEN
    kafka: AdminClient = desk.provisioning.kafka
    for listener in _LISTENERS:
        setting = f"listener.name.{listener}.ssl.{store}.location"
        entry = ConfigEntry(setting, str(folder / file), incremental_operation=AlterConfigOpType.SET)
        settle(kafka.incremental_alter_configs([ConfigResource(ResourceType.BROKER, str(node.number), incremental_configs=[entry])]))


def _tell_members(desk: OperatorDesk, node: Node) -> None:
    for address in node.addresses:
        with administrator(desk, address) as member:
            member.admin.command("rotateCertificates", message="asked by roundtable rotate")


def _shown(desk: OperatorDesk, node: Node) -> list[x509.Certificate]:
    """What the addresses of an engine show; raises OperatorError where one does not answer."""
    ca = _require_tls(desk)
    try:
        return [shown_at(_host(each), int(each.rpartition(":")[2]), ca) for each in node.addresses]
    except OSError as reason:
        message = f"{', '.join(node.addresses)} cannot be asked for its certificate: {reason}"
        raise OperatorError(message) from reason


def _host(address: str) -> str:
    return address.rpartition(":")[0]
