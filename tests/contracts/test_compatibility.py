"""Each rule of compatibility bites, against every release, and says what to do."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from contracts import compatibility, examples, schemas
from contracts.compatibility import check, compare, release
from contracts.generated import drift, run, write
from contracts.releases import first_released, versions

SCHEMA = schemas.schemas()["meeting-held.v1.json"]
Change = Callable[[dict[str, Any]], object]


def ordinary(schema: dict[str, Any]) -> dict[str, Any]:
    return dict.__getitem__(schema["anyOf"][0], "properties")


def changed(change: Change) -> dict[str, Any]:
    schema = deepcopy(SCHEMA)
    change(schema)
    return schema


BREACHES: dict[str, tuple[Change, str, str]] = {
    "removed property": (lambda s: ordinary(s).pop("title"), "#/anyOf/Ordinary/properties/title", "a property was removed"),
    "removed nested property": (lambda s: s["$defs"]["Venue"]["properties"].pop("name"), "/venue/anyOf/Venue/properties/name", "removed"),
    "changed type": (lambda s: ordinary(s)["version"].update(type="string"), "/properties/version", "the type was changed"),
    "no longer null": (lambda s: ordinary(s)["series"].update(type="string"), "/properties/series", "the type was changed"),
    "now null": (lambda s: ordinary(s)["status"].update(type=["string", "null"]), "/properties/status", "the type was changed"),
    "changed items": (lambda s: ordinary(s)["hosts"].update(items={"type": "integer"}), "/hosts/items", "the type was changed"),
    "dropped items": (lambda s: ordinary(s)["hosts"].pop("items"), "/hosts/items", "the type was changed"),
    "changed nested type": (
        lambda s: s["$defs"]["Attending"]["properties"]["heads"].update(type="string"),
        "/items/properties/heads",
        "type",
    ),
    "changed const": (lambda s: ordinary(s)["sensitive"].update(const=True), "/properties/sensitive", "a constant was changed"),
    "new enum": (lambda s: ordinary(s)["status"].update(enum=["held"]), "/properties/status", "an enumeration was changed"),
    "changed format": (lambda s: ordinary(s)["starts_at"].update(format="date"), "/properties/starts_at", "a format was changed"),
    "changed pattern": (
        lambda s: s["$defs"]["Sealed"]["properties"]["ct"].update(pattern="^x"),
        "/sealed/properties/ct",
        "a pattern was changed",
    ),
    "newly required": (lambda s: s["anyOf"][0]["required"].append("sealed"), "/properties/sealed", "a property became required"),
    "no longer required": (lambda s: s["anyOf"][0]["required"].remove("title"), "/properties/title", "no longer required"),
    "removed form": (lambda s: s["anyOf"].pop(), "#/anyOf/Erased", "a form was removed"),
    "removed branch": (lambda s: ordinary(s)["venue"]["anyOf"].pop(), "/properties/venue/anyOf/null", "a form was removed"),
    "added branch": (lambda s: ordinary(s)["venue"]["anyOf"].append({"type": "string"}), "/venue/anyOf/string", "a type was added"),
    "closed object": (
        lambda s: s["$defs"]["Venue"].update(additionalProperties=False),
        "/venue/anyOf/Venue",
        "unknown fields were forbidden",
    ),
    "removed known value": (
        lambda s: ordinary(s)["kind"]["x-known-values"].remove("iag"),
        "/properties/kind",
        "known values were removed: iag",
    ),
    "changed name": (lambda s: s.update({"$id": "urn:other"}), "#", "the name of the schema was changed"),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda _: None,
    "new optional property": lambda s: ordinary(s).update(weather={"type": ["string", "null"]}),
    "new optional nested property": lambda s: s["$defs"]["Venue"]["properties"].update(floor={"type": "integer"}),
    "more known values": lambda s: ordinary(s)["kind"]["x-known-values"].append("seance"),
    "other descriptions": lambda s: ordinary(s)["held_on"].update(description="The day"),
    "another form": lambda s: s["anyOf"].append({"title": "Archived", "type": "object", "properties": {}, "required": []}),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_rule_bites(name: str) -> None:
    change, path, rule = BREACHES[name]

    breaches = compare(SCHEMA, changed(change))

    assert any(breach.path.endswith(path) and rule in breach.rule for breach in breaches), breaches


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_change_is_let_through(name: str) -> None:
    assert compare(SCHEMA, changed(HARMLESS[name])) == []


def without_title(schema: dict[str, Any]) -> None:
    ordinary(schema).pop("title")
    schema["anyOf"][0]["required"].remove("title")


def released(folder: Path, version: str, schema: dict[str, Any]) -> Path:
    write_to = folder / "released" / version / "schemas"
    write_to.mkdir(parents=True)
    (write_to / "meeting-held.v1.json").write_text(json.dumps(schema))
    return folder / "released"


def current(folder: Path, schema: dict[str, Any]) -> Path:
    write(folder / "current", {"meeting-held.v1.json": schema})
    return folder / "current"


def test_a_schema_is_held_against_every_release_and_not_the_last_alone(tmp_path: Path) -> None:
    released(tmp_path, "0.1.0", changed(lambda s: ordinary(s).update(weather={"type": "string"})))
    released(tmp_path, "0.2.0", SCHEMA)
    frozen = released(tmp_path, "0.10.0", changed(lambda s: ordinary(s).update(mood={"type": "string"})))

    failures = check(current(tmp_path, SCHEMA), frozen)

    assert [("weather" in text, "mood" in text, "0.1.0" in text) for text in failures] == [(True, False, True), (False, True, False)]


def test_a_failure_names_file_place_rule_and_what_to_do(tmp_path: Path) -> None:
    frozen = released(tmp_path, "0.1.0", SCHEMA)

    failures = check(current(tmp_path, changed(lambda s: ordinary(s).pop("title"))), frozen)

    assert failures[0] == (
        "schemas/meeting-held.v1.json#/anyOf/Ordinary/properties/title: a property was removed (released in 0.1.0). "
        "A new field is optional; anything else is a new event `.v2` beside `.v1`."
    )


def test_a_schema_may_not_vanish(tmp_path: Path) -> None:
    frozen = released(tmp_path, "0.1.0", SCHEMA)

    assert ["the schema is gone" in text for text in check(tmp_path, frozen)] == [True]


def test_what_the_repository_holds_breaks_no_release() -> None:
    assert check() == []
    assert compatibility.main([]) == 0


def test_a_release_freezes_schemas_and_examples_and_never_changes(tmp_path: Path) -> None:
    target = release("0.1.0", tmp_path)

    assert {path.name for path in (target / "schemas").iterdir()} == schemas.schemas().keys()
    assert {path.name for path in (target / "examples").iterdir()} == examples.examples().keys()
    assert check(released=tmp_path) == []
    with pytest.raises(ValueError, match=r"0\.1\.0 is released already"):
        release("0.1.0", tmp_path)


@pytest.mark.parametrize("version", ["latest", "1.0", "../0.1.0", "0.1.0-rc1"])
def test_a_release_is_named_by_three_numbers(tmp_path: Path, version: str) -> None:
    with pytest.raises(ValueError, match="three numbers"):
        release(version, tmp_path)


def test_what_breaks_a_release_is_not_released(tmp_path: Path) -> None:
    released(tmp_path, "0.1.0", changed(lambda s: ordinary(s).update(weather={"type": "string"})))

    with pytest.raises(ValueError, match="a property was removed"):
        release("0.2.0", tmp_path / "released")


def test_releases_are_ordered_by_number_and_not_by_letter(tmp_path: Path) -> None:
    for version in ("0.10.0", "0.2.0", "0.9.1"):
        (tmp_path / version).mkdir()

    assert versions(tmp_path) == ["0.2.0", "0.9.1", "0.10.0"]


def test_a_field_that_the_first_release_lacks_is_never_required(tmp_path: Path) -> None:
    frozen = released(tmp_path, "0.1.0", changed(without_title))
    released(tmp_path, "0.2.0", changed(lambda s: s["anyOf"][0]["required"].remove("title")))

    made = schemas.schemas(frozen)["meeting-held.v1.json"]

    assert set(SCHEMA["anyOf"][0]["required"]) - set(made["anyOf"][0]["required"]) == {"title"}
    assert check(current(tmp_path, made), frozen) == []
    assert first_released("concern-sung.v1.json", "Ordinary", frozen) is None


def test_generated_files_agree_with_the_code() -> None:
    assert drift(schemas.FOLDER, schemas.schemas()) + drift(examples.FOLDER, examples.examples()) == []


def test_a_file_that_differs_is_missing_or_is_left_over_fails_and_names_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"a.json": 1, "b.json": 2})

    assert run(tmp_path, {"b.json": 3, "c.json": 4}, ["--check"]) == 1

    said = capsys.readouterr().err.splitlines()
    assert [text.split("/")[1].split(":")[0] for text in said] == [
        "a.json is no longer made by the code",
        "b.json differs from the code",
        "c.json is missing",
    ]
    assert all("run `make contracts`" in text for text in said)


def test_writing_takes_away_what_is_no_longer_made(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": 1})

    assert run(tmp_path, {"b.json": 2}, []) == 0
    assert run(tmp_path, {"b.json": 2}, ["--check"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]
