"""Where the running stack answers: written by `demo` into the data folder, read by every other command."""

import json
from dataclasses import asdict, dataclass

from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.native.lock import is_held


@dataclass(frozen=True)
class Addresses:
    """The addresses of one running stack."""

    bootstrap_servers: str
    mongo: str
    services: dict[str, str]
    """Base URL of each service, by its name."""

    def save(self, home: Home) -> None:
        """Write them in one step, so that no command reads half of them."""
        draft = home.stack_file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.replace(home.stack_file)

    @classmethod
    def of(cls, home: Home) -> "Addresses":
        """Those of the stack that runs on this data folder; raises OperatorError when none does."""
        if not home.stack_file.exists() or not is_held(home):
            message = f"no stack runs on {home.root}: start one with `roundtable demo`, or name another --home"
            raise OperatorError(message)
        return cls(**json.loads(home.stack_file.read_text()))
