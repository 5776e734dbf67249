"""The demonstration data: which forces it needs, and that it is loaded once for each data folder."""

from pathlib import Path
from typing import Final

import yaml

DATA: Final = Path(__file__).with_name("data") / "engagements.yaml"


def forces() -> list[str]:
    """The slugs of the forces that the data speaks of."""
    engagements = yaml.safe_load(DATA.read_text(encoding="utf-8"))["engagements"]
    return sorted({engagement["force"] for engagement in engagements})


def load_once(stack, tell) -> None:
    tell("loading")
