"""The README's first request, word for word; only the addresses are those of this stack."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.journeys.conftest import Product, created, wait_until

ROOT = Path(__file__).resolve().parents[2]
PORTS = {"readmodel": 8000, "meetings": 8001, "concerns": 8002, "notifications": 8003}

LIKE_THE_DEMONSTRATION = {
    "kind": "round_table",
    "title": "Another evening with leaders of mosques",
    "status": "held",
    "held_on": "2025-05-06",
    "attendance": {"organisations_total": 11},
}


def blocks() -> list[str]:
    return re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def run(product: Product, script: str) -> str:
    for service, port in PORTS.items():
        script = script.replace(f"http://127.0.0.1:{port}", product.url(service))
    script = script.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    home = os.environ | {"ROUNDTABLE_HOME": str(product.engines.home.root)}
    shell = subprocess.run(["/bin/bash", "-euo", "pipefail", "-c", script], env=home, capture_output=True, text=True, check=False)  # noqa: S603 - our own README
    assert shell.returncode == 0, shell.stdout + shell.stderr
    return shell.stdout


def test_the_first_requests_of_the_readme_record_a_concern_read_it_back_and_find_the_meeting(product: Product) -> None:
    with product.client("meetings", "northamptonshire:recorder") as recorder:
        created(recorder.post("/v1/forces/northamptonshire/meetings", json=LIKE_THE_DEMONSTRATION))
    with product.client("readmodel", "northamptonshire:reader") as reader:
        wait_until(lambda: reader.get("/v1/meetings", params={"q": "mosques"}).json()["items"] != [])

    printed = run(product, "\n".join(blocks()))

    recorded, _, rest = printed.partition("\n")
    read, end = json.JSONDecoder().raw_decode(rest)
    assert json.loads(recorded) == read
    assert read["said"] == "Cars race past the school gate"
    assert json.loads(rest[end:])["attendance"]["organisations_total"] == 11


def test_the_packages_of_the_readme_are_those_that_ci_installs() -> None:
    named = re.findall(r"^apt-get install (.+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    installed = re.search(r"^packages=\((.+)\)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)

    assert installed is not None
    assert " ".join(named) == installed[1]
