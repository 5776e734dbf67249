"""New passwords for the identities of Kafka and MongoDB. Open connections stay; whoever opens one finds the new password in its file."""

from collections.abc import Callable
from functools import partial

from confluent_kafka import KafkaException
from pymongo.errors import OperationFailure

from roundtable.administrator import ADMINISTRATOR, administrator, kafka_administrator, put_right
from roundtable.credentials import Credentials, password, replace_private
from roundtable.deployed.nodes import write_nodes
from roundtable.deployed.settings import Deployment
from roundtable.native.kafka.jars import Tell
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning.exchanges import finish_exchanges, give_in_kafka, give_in_mongo, is_refusal
from roundtable.provisioning.services import COMMAND_LINE, SERVICES


def rotate_passwords(desk: OperatorDesk, tell: Tell) -> None:
    """Give every identity of Roundtable a new password, the administrators last. Broken off, it is run again, or a start finishes it.

    Raises:
        OperatorError: an administrator is not let in.
    """
    put_right(desk)
    kafka = kafka_administrator(desk)
    with administrator(desk) as mongo:
        finish_exchanges(kafka, mongo, Credentials(desk.home.secrets))
        for user in (*SERVICES, COMMAND_LINE, ADMINISTRATOR):
            _exchange(desk, "mongo", user, partial(give_in_mongo, mongo, user))
            tell(f"{user} has a new password for MongoDB")
    for user in (*SERVICES, ADMINISTRATOR):
        _exchange(desk, "kafka", user, partial(give_in_kafka, kafka, user))
        tell(f"{user} has a new password for Kafka")
    if deployment := Deployment.told():
        # A broker on a new disk makes the administrator by what stands there.
        write_nodes(desk.home, deployment)


def _exchange(desk: OperatorDesk, engine: str, user: str, give: Callable[[str], object]) -> None:
    secrets = Credentials(desk.home.secrets)
    file, before = secrets.file(engine, user), secrets.before(engine, user)
    replace_private(before, file.read_text(encoding="utf-8"))
    fresh = password()
    # The file comes first: a service that is refused the password before looks there at once.
    replace_private(file, fresh)
    try:
        give(fresh)
    except (OperationFailure, KafkaException) as error:
        # Whoever was not answered knows nothing: both stay then, until it is seen which one is accepted.
        if is_refusal(error):
            replace_private(file, before.read_text(encoding="utf-8"))
            before.unlink()
        raise
    before.unlink()
