"""Makes the engines of a deployment ready for the services, again at every start: what is as it should be stays as it is."""

from confluent_kafka.admin import AdminClient

from roundtable.credentials import Credentials
from roundtable.deployed.settings import Deployment
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.native.kafka.server import client_configuration, why_away
from roundtable.native.lock import alone
from roundtable.native.mongo import replica_set
from roundtable.native.mongo.server import connection_string
from roundtable.native.ports import LOOPBACK
from roundtable.provisioning import Provisioning, finish_exchanges, hold_force, kafka_admin, provision_services, registered_forces
from roundtable.provisioning.desk import until


def provision_engines(home: Home, deployment: Deployment) -> None:
    """Initiate the replica set, make the identities and their rights, and look whether every registered force has what it needs.

    It has to run where the first member of the set believes it to be on its own machine: in that container's network.

    Raises:
        OperatorError: an engine does not come up, or a force's topic or key is missing.
    """
    secrets = Credentials(home.secrets)
    with alone(home):
        replica_set.ensure(_seat(home, deployment, secrets), deployment.members)
        kafka = _kafka(home, deployment, secrets)
        address = connection_string(deployment.mongo, "admin", secrets.kept("mongo", "admin"), home.engines_ca)
        with replica_set.Client(address) as mongo:
            provision_services(kafka, mongo, secrets)
            finish_exchanges(kafka, mongo, secrets)
            _hold_forces(Provisioning(kafka, mongo, home.keys, brokers=len(deployment.brokers)))


def _seat(home: Home, deployment: Deployment, secrets: Credentials) -> replica_set.Seat:
    """Where MongoDB's administrator sits, also after an exchange of its password that was broken off."""

    def lets_in(password: str) -> bool:
        # The primary is asked: another member may not have heard of the newer one yet.
        with replica_set.Client(connection_string(deployment.mongo, "admin", password, home.engines_ca)) as client:
            return replica_set.is_let_in(client)

    secrets.put_right("mongo", "admin", lets_in)
    address = f"{LOOPBACK}:{deployment.members[0].rpartition(':')[2]}"
    return replica_set.Seat(address, secrets.kept("mongo", "admin"), home.engines_ca)


def _kafka(home: Home, deployment: Deployment, secrets: Credentials) -> AdminClient:
    """A client of Kafka's administrator, likewise, once it is served."""

    def client(password: str) -> AdminClient:
        return kafka_admin(client_configuration(deployment.kafka, "admin", password, home.engines_ca))

    def lets_in(password: str) -> bool:
        return why_away(client(password)) is None

    until(lambda: secrets.accepted("kafka", "admin", lets_in) is not None, "Kafka serves its administrator")
    secrets.put_right("kafka", "admin", lets_in)
    return client(secrets.kept("kafka", "admin"))


def _hold_forces(desk: Provisioning) -> None:
    faults = [fault for force in registered_forces(desk) for fault in hold_force(desk, force["_id"])]
    if faults:
        raise OperatorError("\n".join(faults))
