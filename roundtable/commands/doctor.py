"""`roundtable doctor`: one line for each thing that an operator would look at, and what to do about it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from roundtable.commands.options import HomeOption
from roundtable.deployed.settings import Deployment
from roundtable.doctor import Finding, examine
from roundtable.operator_desk import operator_desk

_Json = Annotated[bool, typer.Option("--json", help="Print it for a program to read.")]
_Certificates = Annotated[
    list[Path] | None,
    typer.Option("--certificate", exists=True, dir_okay=False, help="A file of certificates outside the data folder; again for each."),
]
_STATUS = {"ok": 0, "warn": 1, "FAIL": 2}
_COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "FAIL": typer.colors.RED}


def doctor(certificate: _Certificates = None, home: HomeOption = None, as_json: _Json = False) -> None:  # noqa: FBT002 - typer's flag
    """Examine what runs: ok, warn or FAIL, what was found, what to do. The exit status is 0, 1 or 2: that of the worst line."""
    with operator_desk(home) as desk:
        findings = examine(desk, [*_of_the_stack(), *(certificate or ())])
    if as_json:
        typer.echo(json.dumps({name: asdict(finding) for name, finding in findings.items()}, indent=2))
    else:
        _show(findings)
    raise typer.Exit(max(_STATUS[finding.state] for finding in findings.values()))


def _of_the_stack() -> list[Path]:
    """The certificates that docker compose gives Kafka for clients beyond this host."""
    told = Deployment.told()
    return [told.keystore] if told and told.keystore else []


def _show(findings: Mapping[str, Finding]) -> None:
    width = max(map(len, findings))
    for name, finding in findings.items():
        advice = f" → {finding.advice}" if finding.state != "ok" and finding.advice else ""
        typer.echo(f"{typer.style(f'{finding.state:<4}', fg=_COLOURS[finding.state])}  {name:<{width}}  {finding.found}{advice}")
