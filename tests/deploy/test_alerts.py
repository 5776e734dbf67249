"""Alerts and dashboard: Prometheus' own tool checks them, they name what exists, and every alert says what to do."""

import json
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis import metrics
from roundtable.metrics_table import with_metrics
from tests.deploy.monitoring import DASHBOARD, PROMETHEUS, headings, panels, questions, read, rules, series_in, series_there_are

EXPRESSIONS = [rule["expr"] for rule in rules()]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Prometheus' tool; a machine without it says which package has it."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    return subprocess.run([program, *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)  # noqa: S603 - our own files


@pytest.mark.parametrize(
    "arguments", ["check config prometheus.yml", "check rules --lint=all --lint-fatal alerts.yml", "test rules alerts_test.yml"]
)
def test_prometheus_takes_its_files_and_each_alert_does_as_its_test_says(arguments: str) -> None:
    done = promtool(*arguments.split())

    assert done.returncode == 0, done.stdout + done.stderr


def test_an_alert_that_waits_too_long_is_found_by_the_alerts_tests(tmp_path: Path) -> None:
    (tmp_path / "alerts.yml").write_text((PROMETHEUS / "alerts.yml").read_text().replace("for: 1m", "for: 1d"))
    shutil.copy(PROMETHEUS / "alerts_test.yml", tmp_path)

    assert promtool("test", "rules", tmp_path / "alerts_test.yml").returncode != 0


def test_prometheus_takes_every_question_of_the_dashboard(tmp_path: Path) -> None:
    recorded = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(questions())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))

    done = promtool("check", "rules", tmp_path / "panels.yml")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_alert_is_seen_to_fire_and_to_stay_silent(rule: dict[str, Any]) -> None:
    asked = [each for world in read("alerts_test.yml")["tests"] for each in world["alert_rule_test"]]
    answers = [bool(each["exp_alerts"]) for each in asked if each["alertname"] == rule["alert"]]

    assert set(answers) == {True, False}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_alert_has_a_section_on_the_operators_page_and_leads_there(rule: dict[str, Any]) -> None:
    assert rule["alert"] in headings()
    assert rule["annotations"]["runbook"] == f"docs/operating.md#{rule['alert'].lower()}"
    assert rule["labels"]["severity"] in {"page", "ticket", "notice"}


@pytest.mark.parametrize("expressions", [EXPRESSIONS, questions()], ids=["alerts", "dashboard"])
def test_what_is_asked_for_is_what_the_services_show(expressions: list[str]) -> None:
    assert series_in(expressions) - series_there_are() == set()


def test_a_metric_that_no_service_shows_is_found() -> None:
    assert series_in(["rate(roundtable_outbox_panding[5m])"]) - series_there_are() == {"roundtable_outbox_panding"}


def test_the_dashboard_shows_every_metric_of_the_catalogue() -> None:
    asked = series_in(questions())

    assert [name for name in metrics.CATALOGUE if not any(series.startswith(f"{metrics.PREFIX}{name}") for series in asked)] == []


def test_no_two_panels_of_the_dashboard_stand_in_one_place() -> None:
    def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        return not (beside or below)

    places = [panel["gridPos"] for panel in panels()]

    assert [pair for pair in combinations(places, 2) if overlap(*pair)] == []
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_the_dashboard_asks_the_source_that_grafana_is_given() -> None:
    given = yaml.safe_load((DASHBOARD.parents[1] / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"]
    asked = {target["datasource"]["uid"] for panel in panels() for target in panel.get("targets", ())}

    assert asked == {source["uid"] for source in given}
    assert json.loads(DASHBOARD.read_text())["uid"] == "roundtable"


def test_prometheus_asks_every_replica_of_every_service_at_its_port() -> None:
    asked = {job["job_name"]: job["dns_sd_configs"] for job in read("prometheus.yml")["scrape_configs"]}
    ports = {"readmodel": 8000, "meetings": 8001, "concerns": 8002, "notifications": 8003}

    assert {name: [(each["names"], each["type"], each["port"]) for each in places] for name, places in asked.items()} == {
        name: [([f"{name}-replicas"], "A", port)] for name, port in ports.items()
    }


def test_the_operators_page_without_a_place_for_the_metrics_is_refused() -> None:
    with pytest.raises(ValueError, match="where the table of metrics begins and ends"):
        with_metrics("# Operating\n")
