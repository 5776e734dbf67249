"""An installation on real engines is made as a reviewed file says, and by a dry run nothing at all is made."""

from contextlib import closing

import yaml
from confluent_kafka import Consumer
from typer.testing import CliRunner

from contracts.topics import topic
from roundtable.commands.provision import app
from roundtable.provisioning import acls
from roundtable.provisioning.consumers import provision_consumer
from roundtable.provisioning.forces import force_rules
from roundtable.provisioning.grants import revoke_grant
from roundtable.provisioning.topics import set_back
from tests.services.applying import File, Operator, changes, fresh
from tests.services.intruders import Identity, heard, written


def everything(operator: Operator, added: str) -> tuple[File, list[str]]:
    """A file that asks for one of each thing that can be changed, and the lines that say so."""
    force, new, kept, old = operator.place.force, fresh("new"), fresh("kept"), fresh("old")
    desk = operator.desk
    provision_consumer(desk, kept, force)
    provision_consumer(desk, old, force)
    revoke_grant(desk, "bob", force)
    too_much = acls.may_write(kept, topic(force))[:1]
    acls.allow(desk.kafka, too_much)
    acls.take_away(desk.kafka, [(missing := force_rules(force)[0])])
    set_back(desk.kafka, topic(force), "retention.ms", "86400000")
    said = {
        "forces": [force, added],
        "consumers": [{"name": kept, "force": force}, {"name": new, "force": added}],
        "grants": [{"subject": "ada", "force": force, "revoked": True}, {"subject": "bob", "force": force, "revoked": False}],
        "remove": {"consumers": [old, fresh("never")]},
    }
    return said, [
        f"- consumer {old}",
        f"+ revocation of ada in {force}",
        f"- revocation of bob in {force}",
        f"- acl User:{kept} WRITE topic {topic(force)}",
        f"~ topic {topic(force)} retention.ms: 86400000 becomes -1",
        f"+ force {added}",
        f"+ acl {acls.sentence(missing)}",
        f"+ consumer {new}, whose client.properties are {operator.credentials / new}.properties",
        f"+ acl User:{new} READ topic {topic(added)}",
        f"+ acl User:{new} DESCRIBE topic {topic(added)}",
        f"+ acl User:{new} READ group {new}",
        f"+ acl User:{new} READ group {new}.*",
    ]


def test_a_dry_run_prints_every_difference_exits_with_2_and_changes_nothing(operator: Operator) -> None:
    said, lines = everything(operator, "dyfed-powys")
    before = operator.all_there_is()

    done = operator.applies(said, "--dry-run")

    assert changes(done) == lines
    assert done.exit_code == 2
    assert done.stdout.splitlines()[-1] == f"{len(lines)} changes to make"
    assert operator.all_there_is() == before
    assert not operator.credentials.exists()


def test_applying_makes_what_the_dry_run_printed_and_a_second_run_makes_nothing(operator: Operator) -> None:
    said, lines = everything(operator, "gwent")

    first = operator.applies(said)
    made = operator.all_there_is()
    second, dry = operator.applies(said), operator.applies(said, "--dry-run")

    assert changes(first) == lines
    assert first.exit_code == 0
    assert first.stdout.splitlines()[-1] == f"{len(lines)} changes made"
    for again in (second, dry):
        assert (again.exit_code, changes(again)) == (0, [])
        assert again.stdout.splitlines()[-1] == "nothing to change"
    assert operator.all_there_is() == made


def test_what_was_applied_is_so(operator: Operator) -> None:
    said, _ = everything(operator, "cumbria")
    operator.applies(said)
    (kept, new), (old, _) = (each["name"] for each in said["consumers"]), said["remove"]["consumers"]

    there = operator.all_there_is()

    assert {kept, new} <= set(there["users"])
    assert old not in there["users"]
    assert not [rule for rule in there["rules"] if f"User:{old} " in rule]
    assert [force["_id"] for force in there["registry"]["forces"]] == sorted([operator.place.force, "cumbria"])
    assert {grant["subject"]: grant["revoked_at"] is not None for grant in there["registry"]["grants"]} == {"ada": True, "bob": False}
    assert there["settings"][topic(operator.place.force)]["retention.ms"] == "-1"
    assert there["topics"]["engagement.cumbria"] == 3


def test_a_new_consumer_reads_by_the_file_that_was_written_for_its_eyes_alone(operator: Operator) -> None:
    name, force = fresh("new"), operator.place.force
    said = {"forces": [force], "consumers": [{"name": name, "force": force}]}

    done = operator.applies(said)

    file = operator.credentials / f"{name}.properties"
    assert file.stat().st_mode & 0o777 == 0o600
    assert operator.credentials.stat().st_mode & 0o777 == 0o700
    password = file.read_text().split('password="')[1].split('"')[0]
    assert password not in done.output
    written(Identity(operator.place.engines.kafka_client("meetings"), "", "").producer(), topic(force))
    with closing(
        Consumer({**operator.place.engines.kafka.client(name, password), "group.id": name, "auto.offset.reset": "earliest"})
    ) as it:
        it.subscribe([topic(force)])
        assert heard(it).value() == b"{}"


def test_the_file_of_an_identity_that_is_gone_is_never_written_over_or_given_out_again(operator: Operator) -> None:
    name, force = fresh("new"), operator.place.force
    operator.credentials.mkdir()
    file = operator.credentials / f"{name}.properties"
    file.write_text("of before")
    before = operator.all_there_is()

    for options in ((), ("--dry-run",)):
        done = operator.applies({"forces": [force], "consumers": [{"name": name, "force": force}]}, *options)
        assert str(done.exception) == f"{file} is of an identity that Kafka does not have: move it away, so that a new one can be written"

    assert operator.all_there_is() == before


def test_what_is_shown_as_a_file_leaves_everything_as_it_is(operator: Operator) -> None:
    name, force = fresh("shown"), operator.place.force
    provision_consumer(operator.desk, name, force)
    revoke_grant(operator.desk, "ada", force)
    before = operator.all_there_is()

    shown = CliRunner().invoke(app, ["show"]).stdout
    done = operator.applies(yaml.safe_load(shown))

    assert yaml.safe_load(shown)["forces"] == [force]
    assert {"name": name, "force": force} in yaml.safe_load(shown)["consumers"]
    assert yaml.safe_load(shown)["grants"] == [{"subject": "ada", "force": force, "revoked": True}]
    assert (done.exit_code, changes(done)) == (0, [])
    assert operator.all_there_is() == before
