"""The verification of some forces, one after the other."""

from collections.abc import Iterable

from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import registered_forces
from roundtable.verification.force import verify_force
from roundtable.verification.log import log_reader
from roundtable.verification.report import Report


def verify(desk: OperatorDesk, forces: Iterable[str] = ()) -> Report:
    """Compare what there is of these forces, or of every registered one, with their logs.

    Raises:
        OperatorError: another version of Roundtable built the read model, or an engine does not give what it must.
    """
    wanted, report = frozenset(forces), Report()
    with log_reader(desk.kafka_client()) as log:
        for force in registered_forces(desk.provisioning):
            if not wanted or force["_id"] in wanted:
                verify_force(desk.provisioning, log, force, report)
    return report
