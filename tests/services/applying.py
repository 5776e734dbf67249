"""Somebody who has reviewed files applied, and everything that applying one could change."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ConfigResource, ResourcePatternType, ResourceType
from typer.testing import CliRunner, Result

from contracts.topics import topic
from roundtable.addresses import Addresses
from roundtable.commands.provision import app
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import Provisioning, acls, rights, scram
from tests.conftest import Place
from tests.services.mending import operating

File = dict[str, Any]


@dataclass(frozen=True)
class Operator:
    """Somebody who has files applied, in a folder of their own."""

    place: Place
    desk: Provisioning
    folder: Path

    @property
    def credentials(self) -> Path:
        return self.folder / "credentials"

    def applies(self, said: File, *options: str) -> Result:
        file = self.folder / "provision.yml"
        file.write_text(yaml.safe_dump(said))
        return CliRunner().invoke(app, ["apply", str(file), "--credentials", str(self.credentials), *options])

    def all_there_is(self) -> dict[str, Any]:
        """Everything that applying a file could change."""
        kafka, registry = self.desk.kafka, self.desk.database("registry")
        names = [topic(force["_id"]) for force in registry["forces"].find()]
        answers = kafka.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names])
        return {
            "rules": sorted(acls.sentence(rule) for rule in acls.rules(kafka)),
            "users": scram.users(kafka),
            "topics": {name: len(each.partitions) for name, each in kafka.list_topics(timeout=10).topics.items()},
            "settings": {str(key.name): {name: each.value for name, each in told.result(10).items()} for key, told in answers.items()},
            "registry": {name: list(registry[name].find().sort("_id")) for name in sorted(registry.list_collection_names())},
            "roles": rights.roles_found(self.place.engines.provisioning.mongo),
            "keys": sorted(str(file) for file in self.desk.keys_dir.rglob("*")),
            "credentials": {file.name: file.read_text() for file in self.credentials.glob("*")},
        }


@contextmanager
def applying(place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    """Somebody whose commands work on a test's place, with the command line's own identities."""
    engines = place.engines
    with operating(place) as desk:
        opened = OperatorDesk(engines.home, Addresses(engines.bootstrap_servers, engines.mongo.address, {}), desk)
        for way in ("operator_desk", "operator_alone"):
            monkeypatch.setattr(f"roundtable.commands.desired.{way}", lambda _: nullcontext(opened))
        yield Operator(place, desk, folder)


def fresh(what: str) -> str:
    return f"{what}-{secrets.token_hex(4)}"


def changes(done: Result) -> list[str]:
    return [line for line in done.stdout.splitlines() if line[0] in "+~-"]


def by_hand(user: str, name: str, kind: AclPermissionType = AclPermissionType.ALLOW) -> AclBinding:
    """A rule that somebody made by hand: to read a topic."""
    return AclBinding(ResourceType.TOPIC, name, ResourcePatternType.LITERAL, f"User:{user}", "*", AclOperation.READ, kind)
