"""`roundtable doctor` as an operator runs it, beside the whole product."""

import json
import subprocess

from tests.journeys.conftest import Product, roundtable

OF_THE_PRODUCT = (
    "services",
    "ports",
    "clocks",
    "versions",
    "replica set",
    "partitions",
    "positions",
    "lag",
    "outbox",
    "certificates",
    "secrets",
)


def doctor(product: Product, *options: str) -> subprocess.CompletedProcess[str]:
    return roundtable(product, "doctor", *options)


def test_the_product_is_well_and_the_exit_status_says_what_the_lines_say(product: Product) -> None:
    done = doctor(product, "--json")

    findings = json.loads(done.stdout)
    assert {check: findings[check] for check in OF_THE_PRODUCT if findings[check]["state"] != "ok"} == {}
    worst = {finding["state"] for finding in findings.values()}
    assert done.returncode == (2 if "FAIL" in worst else 1 if "warn" in worst else 0)


def test_each_check_is_one_line(product: Product) -> None:
    done = doctor(product)

    lines = done.stdout.splitlines()
    assert len(lines) == 15
    assert all(line.startswith(("ok   ", "warn ", "FAIL ")) for line in lines)
    assert done.stderr == ""
