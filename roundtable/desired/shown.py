"""An installation written as the file that would leave it as it is: where a reviewed file begins."""

from typing import Any, Final

import yaml

from contracts.topics import force_of
from roundtable.desired.found import Found
from roundtable.errors import OperatorError
from roundtable.provisioning import acls
from roundtable.provisioning.consumers import check_name

_HEAD: Final = "# What `roundtable provision show` found. Review it, keep it, and have it applied: `roundtable provision apply FILE`.\n"


def shown(found: Found) -> str:
    """The text of the file; a consumer that reads not exactly one registered force cannot be written in it."""
    content: dict[str, Any] = {
        "forces": sorted(found.forces),
        "consumers": [{"name": name, "force": force} for name in found.consumers if (force := _force(name, found))],
        "grants": [
            {"subject": subject, "force": force, "revoked": True} for subject, force in sorted(found.revoked) if force in found.forces
        ],
    }
    return _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _force(name: str, found: Found) -> str | None:
    read = [force_of(each) for each in acls.topics_read(found.rules.get(name, ()))]
    can_be_named = name in found.users and len(read) == 1 and read[0] in found.forces and _is_name(name)
    return read[0] if can_be_named else None


def _is_name(name: str) -> bool:
    try:
        check_name(name)
    except OperatorError:
        return False
    return True
