"""The examination: every check, asked at the same time. A probe that gets no answer is a finding too."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import httpx2
import psutil
from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError

from roundtable.condition import Condition, Service, condition_of, services_of
from roundtable.doctor import engines, host, probes, stack
from roundtable.doctor.finding import Finding, fail
from roundtable.doctor.versions import Versions, judge_versions
from roundtable.operator_desk import OperatorDesk
from roundtable.positions import standings

Check = Callable[[], Finding]


def examine(desk: OperatorDesk, certificates: Sequence[Path] = ()) -> dict[str, Finding]:
    """What each check found, in the order of the checks.

    Args:
        desk: the running stack.
        certificates: files of certificates that lie outside the data folder.
    """
    checks = _checks(desk, certificates)
    with ThreadPoolExecutor(max_workers=len(checks)) as asking:
        return dict(zip(checks, asking.map(_answer, checks.values()), strict=True))


def _checks(desk: OperatorDesk, certificates: Sequence[Path]) -> Mapping[str, Check]:
    home, at, inside = desk.home, desk.addresses, desk.provisioning
    return {
        "services": lambda: stack.judge_services(_unready(condition_of(desk))),
        "ports": lambda: host.judge_ports({f"{name}:{port}": probes.why_refused(name, port) for name, port in probes.every_place(at)}),
        "clocks": lambda: host.judge_clocks(_ahead(desk)),
        "disk": lambda: host.judge_disk({"the data folder": _disk(home.root), "MongoDB": engines.mongo_disk(inside)}),
        "memory": lambda: host.judge_memory(psutil.virtual_memory().available, psutil.virtual_memory().total),
        "versions": lambda: judge_versions(_versions(desk)),
        "replica set": lambda: stack.judge_replica_set(engines.members(inside)),
        "partitions": lambda: stack.judge_partitions(engines.partitions(inside)),
        "positions": lambda: stack.judge_positions(standings(inside)),
        "outbox": lambda: stack.judge_outbox(engines.waiting(inside), _refusing(services_of(desk))),
        "lag": lambda: stack.judge_lag(_lags(condition_of(desk))),
        "parked": lambda: stack.judge_parked(engines.parked(inside)),
        "forces": lambda: stack.judge_belongings(engines.belongings(inside)),
        "certificates": lambda: host.judge_certificates(probes.certificates_of(home, at, certificates), probes.now()),
        "secrets": lambda: host.judge_secrets(probes.modes_in([home.secrets, inside.keys_dir])),
    }


def _answer(check: Check) -> Finding:
    try:
        return check()
    except KafkaException as error:
        return _unanswered(error.args[0].str())
    except (PyMongoError, httpx2.HTTPError, OSError, LookupError, ValueError) as error:
        return _unanswered(str(error).partition(", Timeout:")[0] or type(error).__name__)


def _unanswered(why: str) -> Finding:
    return fail(f"cannot be told: {why}", "mend what does not answer, then ask again")


def _unready(condition: Condition) -> dict[str, str | None]:
    return {name: None if service["ready"] else _why(service) for name, service in condition["services"].items()}


def _why(service: Service) -> str:
    failing = [f"{name}: {check['why']}" for name, check in service["checks"].items() if not check["ok"]]
    return "; ".join(failing) or "does not answer"


def _refusing(services: Mapping[str, Service]) -> list[str]:
    """The services that say of their outbox that it is full."""
    return [name for name, service in services.items() if not service["checks"].get("outbox", {"ok": True})["ok"]]


def _lags(condition: Condition) -> dict[str, int | None]:
    if not condition["mongo"]["ready"]:
        # Without MongoDB there is no position and no list of forces, which is not the same as no lag.
        raise LookupError(condition["mongo"]["why"])
    return {force: said["lag"] for force, said in condition["forces"].items()}


def _ahead(desk: OperatorDesk) -> dict[str, float]:
    services = {name: probes.seconds_ahead(url) for name, url in desk.addresses.services.items()}
    return {"MongoDB": engines.mongo_seconds_ahead(desk.provisioning), **services}


def _disk(folder: Path) -> host.Disk:
    usage = shutil.disk_usage(folder)
    return host.Disk(usage.total, usage.free)


def _versions(desk: OperatorDesk) -> Versions:
    mongo, compatible = engines.mongo_versions(desk.provisioning)
    services = {name: probes.version_of(url) for name, url in desk.addresses.services.items()}
    kafka = engines.kafka_level(desk.addresses.bootstrap_servers, desk.addresses.engines_ca)
    return Versions(sys.version_info[:3], version("roundtable"), services, mongo, compatible, kafka)
