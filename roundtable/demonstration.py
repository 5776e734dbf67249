"""The demonstration data: which forces it needs, and that a file is loaded once for each data folder."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from roundtable.home import Home
from roundtable.loading import Engagement, Loader, read_engagements
from roundtable.loading.api import Api
from roundtable.native.kafka.jars import Tell
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import add_force
from roundtable.provisioning.desk import until
from roundtable.provisioning.forces import is_registered

DATA: Final = Path(__file__).with_name("data") / "engagements.yaml"


def forces_of(engagements: tuple[Engagement, ...]) -> list[str]:
    """The slugs of the forces that engagements speak of."""
    return sorted({engagement.force for engagement in engagements})


def register(desk: OperatorDesk, force: str) -> None:
    """Register a force while the services run, and wait until those that write serve it."""
    if is_registered(desk.provisioning, force):
        return
    add_force(desk.provisioning, force)
    with Api(desk.home, desk.addresses.services, [force]) as api:
        until(lambda: api.serves(force), f"the services serve {force}")


def load_once(home: Home, services: Mapping[str, str], file: Path, tell: Tell) -> bool:
    """Load a file of engagements through the services' API, unless this data folder has it; tells whether it did.

    Raises:
        OperatorError: the file cannot be read, or a service refuses what it holds. What was recorded until then is found again
            by the next load.
    """
    engagements = read_engagements(file)
    marker, digest = home.root / "loaded.json", hashlib.sha256(file.read_bytes()).hexdigest()
    loaded: dict[str, str] = json.loads(marker.read_text()) if marker.exists() else {}
    if digest in loaded:
        return False
    with Api(home, services, forces_of(engagements)) as api:
        Loader(api, tell).load(engagements)
    loaded[digest] = datetime.now(UTC).isoformat(timespec="seconds")
    marker.write_text(json.dumps(loaded, indent=2) + "\n")
    return True
