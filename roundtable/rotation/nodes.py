"""New secrets of the engines' nodes among themselves. They count for a node from its next start on."""

from roundtable.credentials import Credentials, password, replace_private
from roundtable.deployed.nodes import write_nodes
from roundtable.deployed.settings import Deployment
from roundtable.errors import OperatorError
from roundtable.native.kafka.jars import Tell
from roundtable.native.mongo.server import new_keyfile
from roundtable.operator_desk import OperatorDesk


def rotate_keyfile(desk: OperatorDesk, tell: Tell) -> None:
    """Let the members of the replica set know each other by a new secret, too."""
    file = desk.home.keyfile
    if len(kept(file.read_text(encoding="utf-8"))) > 1:
        message = "the keyfile holds two secrets: start every member again, then `rotate keyfile --forget`, before another one"
        raise OperatorError(message)
    # Members accept each other by any of several: https://www.mongodb.com/docs/manual/tutorial/rotate-key-replica-set/
    replace_private(file, "".join(f"- {secret}\n" for secret in (new_keyfile(), *kept(file.read_text(encoding="utf-8"))[:1])))
    tell("start the members of the replica set again, one after the other; then `rotate keyfile --forget`, and start them again")


def forget_keyfile(desk: OperatorDesk, tell: Tell) -> None:
    """Let them know each other by the newest secret alone."""
    file = desk.home.keyfile
    replace_private(file, kept(file.read_text(encoding="utf-8"))[0])
    tell("start the members of the replica set again, one after the other")


def rotate_controller(desk: OperatorDesk, tell: Tell) -> None:
    """Give the nodes of Kafka a new password for each other, as controllers and as brokers."""
    replace_private(Credentials(desk.home.secrets).file("kafka", "controller"), password())
    if deployment := Deployment.told():
        write_nodes(desk.home, deployment)
    tell("start all brokers again, at the same time: what is recorded meanwhile waits in the outbox")


def kept(content: str) -> list[str]:
    """The secrets of a keyfile, which holds one, or a list in YAML."""
    return [line.removeprefix("- ").strip() for line in content.splitlines() if line.strip()]
