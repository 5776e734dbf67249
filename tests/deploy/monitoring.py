"""What the files of `deploy` say, for the tests that hold them against the services and against `docs/operating.md`."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from chassis import metrics

ROOT: Final = Path(__file__).resolve().parents[2]
PROMETHEUS: Final = ROOT / "deploy" / "prometheus"
DASHBOARD: Final = ROOT / "deploy" / "grafana" / "dashboards" / "roundtable.json"
OPERATING: Final = ROOT / "docs" / "operating.md"
PROMETHEUS_OWN: Final = frozenset({"up"})
"""What Prometheus itself says of whatever it asks."""
_SERIES: Final = re.compile(r"\b(?:up|(?:roundtable|process)_[a-z_]+)\b")


def read(file: str) -> Any:
    """A YAML file of Prometheus."""
    return yaml.safe_load((PROMETHEUS / file).read_text())


def rules() -> list[dict[str, Any]]:
    """Every alert."""
    return [rule for group in read("alerts.yml")["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Every panel of the dashboard, its rows too."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def questions() -> list[str]:
    """Every expression of the dashboard, with a time in place of Grafana's own variable."""
    asked = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    return [expression.replace("$__rate_interval", "5m") for expression in asked]


def series_in(expressions: list[str]) -> set[str]:
    """The names of series that expressions speak of."""
    return {name for expression in expressions for name in _SERIES.findall(_without_texts(expression))}


def series_there_are() -> set[str]:
    """The names of series that the services show."""
    return set(_shown()) | PROMETHEUS_OWN


def headings() -> set[str]:
    """The headings of the operator's page."""
    return set(re.findall(r"^#+ (.+)$", OPERATING.read_text(), re.MULTILINE))


def _without_texts(expression: str) -> str:
    return re.sub(r'"[^"]*"', '""', expression)


def _shown() -> Iterator[str]:
    endings = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}
    for family in metrics.REGISTRY.collect():
        yield from (family.name + ending for ending in endings[family.type])
