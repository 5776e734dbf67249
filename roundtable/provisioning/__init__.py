"""Who may do what: identities of services and consumers, and all that a force needs before it is registered."""

from roundtable.provisioning.consumers import provision_consumer
from roundtable.provisioning.desk import Provisioning, kafka_admin
from roundtable.provisioning.exchanges import finish_exchanges
from roundtable.provisioning.forces import add_force, hold_force, registered_forces, require_registered
from roundtable.provisioning.services import SERVICES, provision_services

__all__ = [
    "SERVICES",
    "Provisioning",
    "add_force",
    "finish_exchanges",
    "hold_force",
    "kafka_admin",
    "provision_consumer",
    "provision_services",
    "registered_forces",
    "require_registered",
]
