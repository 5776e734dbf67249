"""Makes the engines of a deployment ready for the services, again at every start: what is as it should be stays as it is."""

from roundtable.credentials import Credentials
from roundtable.deployed.settings import Deployment
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.native.kafka.server import client_configuration, why_away
from roundtable.native.mongo import replica_set
from roundtable.native.mongo.server import connection_string
from roundtable.native.ports import LOOPBACK
from roundtable.provisioning import Provisioning, hold_force, kafka_admin, provision_services, registered_forces
from roundtable.provisioning.desk import until


def provision_engines(home: Home, deployment: Deployment) -> None:
    """Initiate the replica set, make the identities and their rights, and look whether every registered force has what it needs.

    It has to run where the first member of the set believes it to be on its own machine: in that container's network.

    Raises:
        OperatorError: an engine does not come up, or a force's topic or key is missing.
    """
    secrets = Credentials(home.secrets)
    password = secrets.kept("mongo", "admin")
    port = deployment.members[0].rpartition(":")[2]
    replica_set.ensure(replica_set.Seat(f"{LOOPBACK}:{port}", password, home.engines_ca), deployment.members)
    kafka = kafka_admin(client_configuration(deployment.kafka, "admin", secrets.kept("kafka", "admin"), home.engines_ca))
    until(lambda: why_away(kafka) is None, "Kafka serves its administrator")
    with replica_set.Client(connection_string(deployment.mongo, "admin", password, home.engines_ca)) as mongo:
        provision_services(kafka, mongo, secrets)
        _hold_forces(Provisioning(kafka, mongo, home.keys, brokers=len(deployment.brokers)))


def _hold_forces(desk: Provisioning) -> None:
    faults = [fault for force in registered_forces(desk) for fault in hold_force(desk, force["_id"])]
    if faults:
        raise OperatorError("\n".join(faults))
