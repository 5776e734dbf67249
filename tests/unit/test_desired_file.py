"""The reviewed file: what it may say, and in which line it is told to be wrong."""

import io
from pathlib import Path

import pytest

from contracts.forces import FORCES
from roundtable.desired import Desired, read_desired
from roundtable.errors import OperatorError

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "provision.example.yml"


def read(text: str, folder: Path) -> Desired:
    file = folder / "provision.yml"
    file.write_text(text)
    return read_desired(file)


def test_the_example_is_a_file_as_it_should_be_and_shows_everything_that_can_be_said() -> None:
    said = read_desired(EXAMPLE)

    assert set(said.forces) <= FORCES.keys()
    assert {name for name in Desired.model_fields if getattr(said, name)} == set(Desired.model_fields)
    assert all(fields for fields in (each.model_fields_set == set(type(each).model_fields) for each in (*said.consumers, *said.grants)))


def test_only_forces_must_be_said_and_an_empty_section_is_none(tmp_path: Path) -> None:
    said = read("forces: [kent]\nconsumers:\ngrants:\nremove:\n", tmp_path)

    assert (said.forces, said.consumers, said.grants, said.remove.consumers) == (("kent",), (), (), ())


def test_standard_input_is_read_where_the_file_is_a_hyphen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("forces: [kent]"))
    assert read_desired(Path("-")).forces == ("kent",)

    monkeypatch.setattr("sys.stdin", io.StringIO("forces: 1"))
    with pytest.raises(OperatorError, match=r"standard input, line 1: forces must be a list: a line with `- ` for each"):
        read_desired(Path("-"))


WRONG = {
    "nothing": ("", "line 1: the file must be a mapping of names to values"),
    "no forces": ("consumers: []", "line 1: forces is missing: add it"),
    "a name that is not known": ("forces: [kent]\nforcse: []", "line 2: forcse is not known here: correct its name, or take it out"),
    "no slug": ("forces:\n  - kent\n  - West Yorkshire", "line 3: forces.1 'West Yorkshire' is not a force's slug: small letters, digits"),
    "a number": ("forces:\n  - kent\n  - 7", "line 3: forces.1 must be a text: quote it"),
    "a force twice": ("forces:\n  - kent\n  - kent", "line 3: forces.1 is kent again: keep one of the two"),
    "a section twice": (
        "forces: [kent]\nconsumers:\n  - {name: a-bi, force: kent}\nconsumers: []",
        "line 4: consumers stands there twice: keep one of the two",
    ),
    "no name of a consumer": (
        "forces: [kent]\nconsumers:\n  - name: Kent_BI\n    force: kent",
        "line 3: consumers.0.name 'Kent_BI' cannot name a consumer: 2 to 63 small letters",
    ),
    "an identity of ours": (
        "forces: [kent]\nconsumers:\n  - force: kent\n    name: meetings",
        "line 4: consumers.0.name meetings is an identity of Roundtable itself",
    ),
    "a consumer twice": (
        "forces: [kent]\nconsumers:\n  - {name: a-bi, force: kent}\n  - {name: a-bi, force: kent}",
        "line 4: consumers.1 is a-bi again: keep one of the two",
    ),
    "a consumer without force": ("forces: [kent]\nconsumers:\n  - name: a-bi", "line 3: consumers.0.force is missing: add it"),
    "a consumer of a force that is not named": (
        "forces: [kent]\nconsumers:\n  - name: a-bi\n    force: surrey",
        "line 4: consumers.0.force is surrey, which is none of this file's forces: add it there, or correct it",
    ),
    "a grant of a force that is not named": (
        "forces: [kent]\ngrants:\n  - {subject: ada, force: surrey, revoked: true}",
        "line 3: grants.0.force is surrey, which is none of this file's forces",
    ),
    "a grant that says no": ("forces: [kent]\ngrants:\n  - {subject: ada, force: kent, revoked: 1}", "line 3: grants.0.revoked must be"),
    "a grant twice": (
        "forces: [kent]\ngrants:\n  - {subject: ada, force: kent, revoked: true}\n  - {subject: ada, force: kent, revoked: false}",
        "line 4: grants.1 is ada in kent again: keep one of the two",
    ),
    "a consumer that is to be removed too": (
        "forces: [kent]\nconsumers:\n  - {name: a-bi, force: kent}\nremove:\n  consumers: [a-bi]",
        "line 3: consumers.0.name is a-bi, which is to be removed too: keep one of the two",
    ),
    "a removal of ours": (
        "forces: [kent]\nremove:\n  consumers: [readmodel]",
        "line 3: remove.consumers.0 readmodel is an identity of",
    ),
    "a removal of a force": ("forces: [kent]\nremove:\n  forces: [surrey]", "line 3: remove.forces is not known here"),
    "no YAML": ("forces: [kent]\nconsumers: ]", " is not YAML in UTF-8 in line 2: copy deploy/provision.example.yml and begin from that"),
    "two documents": ("forces: [kent]\n---\nforces: [surrey]", " is not YAML in UTF-8 in line 2"),
    "tags": ("forces: !!python/object/apply:os.system [id]", " is not YAML in UTF-8 in line 1"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_told_what_is_wrong_in_which_line_and_what_to_do(wrong: str, tmp_path: Path) -> None:
    text, told = WRONG[wrong]

    with pytest.raises(OperatorError) as refusal:
        read(text, tmp_path)

    assert str(refusal.value).startswith(str(tmp_path / "provision.yml"))
    assert told in str(refusal.value)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as refusal:
        read("forces:\n  - Kent\n  - Surrey\nmore: 1\n", tmp_path)

    assert [line.partition("line ")[2].partition(":")[0] for line in str(refusal.value).splitlines()] == ["2", "3", "4"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"nowhere\.yml cannot be read: No such file or directory"):
        read_desired(tmp_path / "nowhere.yml")

    (tmp_path / "latin.yml").write_bytes("forces: [ként]".encode("latin-1"))
    with pytest.raises(OperatorError, match=r"latin\.yml is not YAML in UTF-8: copy"):
        read_desired(tmp_path / "latin.yml")
