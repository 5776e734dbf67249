"""What `docker compose up` does first: secrets at the first start, and what follows from settings at every one."""

from pathlib import Path

from roundtable.deployed.nodes import write_nodes
from roundtable.deployed.secrets import add_secrets, check_secrets, make_secrets
from roundtable.deployed.settings import KEYSTORE, Deployment
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.identity import Issuer
from roundtable.native.lock import alone


def initialise(home: Home, deployment: Deployment) -> list[Path]:
    """Make every secret of a new deployment, or look at those of an old one; the files that it made.

    Raises:
        OperatorError: a secret is missing or wrong, data is there without its secrets, or Kafka would be reached from
            other machines without TLS.
    """
    _refuse_exposure(deployment)
    with alone(home):
        return _initialise(home, deployment)


def _initialise(home: Home, deployment: Deployment) -> list[Path]:
    if home.secrets.exists():
        made = add_secrets(home)
    else:
        _refuse_orphaned_data(home, deployment)
        made = make_secrets(home)
    check_secrets(home)
    write_nodes(home, deployment)
    Issuer(home).publish()
    return made


def _refuse_exposure(deployment: Deployment) -> None:
    if deployment.exposed:
        message = (
            f"ROUNDTABLE_KAFKA_HOST or ROUNDTABLE_KAFKA_BIND is {deployment.exposed[0]}: other machines reach Kafka by TLS alone. "
            f"Put its private key and certificates into {KEYSTORE} in the folder that ROUNDTABLE_KAFKA_TLS names, or leave both unset"
        )
        raise OperatorError(message)
    if deployment.keystore:
        _require_readable(deployment.keystore)


def _require_readable(keystore: Path) -> None:
    try:
        content = keystore.read_text(encoding="utf-8")
    except OSError as reason:
        message = f"{keystore.name} of the folder that ROUNDTABLE_KAFKA_TLS names cannot be read by user 10001: {reason.strerror}"
        raise OperatorError(message) from reason
    if "PRIVATE KEY-----" not in content or "BEGIN CERTIFICATE-----" not in content:
        message = f"{keystore.name} of the folder that ROUNDTABLE_KAFKA_TLS names must hold a private key and its certificates (PEM)"
        raise OperatorError(message)


def _refuse_orphaned_data(home: Home, deployment: Deployment) -> None:
    """New secrets would lock everyone out of the data that the old ones opened."""
    nodes = [address.rpartition(":")[0] for address in (*deployment.brokers, *deployment.members)]
    used = [name for name in (*nodes, home.keys.name) if _holds_data(home.root / name)]
    if used:
        message = f"{home.secrets} is missing, but there is data in {', '.join(used)}: put the secrets back from your backup"
        raise OperatorError(message)


def _holds_data(folder: Path) -> bool:
    # A volume that is a disk of its own has such a folder from the start.
    return any(entry.name != "lost+found" for entry in folder.glob("*"))
