"""What a file and an installation come to, without engines: what could not be broken on purpose in those that tests share."""

from dataclasses import replace
from pathlib import Path

from roundtable.desired import Desired, Found, plan
from roundtable.provisioning.names import SERVICES
from roundtable.provisioning.rights import RIGHTS, roles_of, surplus
from roundtable.provisioning.services import standing_rules

WELL = Found(
    forces={},
    topics={},
    lost=(),
    users=frozenset({*SERVICES, "admin"}),
    rules={user: tuple(rule for rule in standing_rules() if rule.principal == f"User:{user}") for user in SERVICES},
    revoked=frozenset(),
    roles={user: roles_of(user) for user in RIGHTS} | {"admin": [("root", "admin")]},
    mending=True,
    prefix="",
    written=frozenset(),
    credentials=Path("consumers"),
)
NOTHING = Desired(forces=())


def lines(found: Found, desired: Desired = NOTHING) -> list[str]:
    return [str(change) for change in plan(desired, found).changes]


def test_an_installation_that_is_well_needs_no_change() -> None:
    assert lines(WELL) == []
    assert plan(NOTHING, WELL).left == ()
    assert plan(NOTHING, WELL).faults == ()


def test_a_user_that_mongodb_lost_is_made_again() -> None:
    without = replace(WELL, roles={user: roles for user, roles in WELL.roles.items() if user != "meetings"})

    assert lines(without) == ["+ user meetings in MongoDB"]


def test_a_role_that_is_too_much_goes_before_anything_is_made() -> None:
    more = {user: [*roles, ("clusterMonitor", "admin")] if user == "cli" else roles for user, roles in WELL.roles.items()}
    found = lines(replace(WELL, roles=more, rules={}), Desired(forces=("kent",)))

    assert "clusterMonitor" in found[0]
    assert [line[0] for line in found] == ["-", *"+" * (len(found) - 1)]


def test_a_user_that_nobody_knows_is_shown_and_left() -> None:
    more = replace(WELL, roles={**WELL.roles, "intern": [("root", "admin")]})

    assert lines(more) == []
    assert plan(NOTHING, more).left == ("user intern in MongoDB",)


def test_rules_that_services_lost_are_made_again() -> None:
    assert lines(replace(WELL, rules={})) == [
        "+ acl User:meetings IDEMPOTENT_WRITE cluster kafka-cluster",
        "+ acl User:concerns IDEMPOTENT_WRITE cluster kafka-cluster",
        "+ acl User:readmodel READ group readmodel",
        "+ acl User:notifications READ group notifications",
    ]


def test_whoever_shall_be_shut_out_is_before_anything_else() -> None:
    said = Desired.model_validate(
        {"forces": ["kent"], "grants": [{"subject": "ada", "force": "kent", "revoked": True}], "remove": {"consumers": ["old"]}}
    )

    assert lines(replace(WELL, users=WELL.users | {"old"}), said) == ["- consumer old", "+ revocation of ada in kent", "+ force kent"]


def test_roles_on_databases_that_are_not_ours_are_nobodys_surplus() -> None:
    found = [("readWrite", "meetings"), ("read", "keys"), ("readWrite", "t1_meetings"), ("root", "admin")]

    assert surplus("notifications", found) == [("readWrite", "meetings"), ("read", "keys"), ("root", "admin")]
    assert surplus("notifications", found, "t1_") == [("readWrite", "t1_meetings"), ("root", "admin")]


def test_only_the_command_line_may_mend() -> None:
    found = [("mending", "admin"), ("t1_mending", "admin")]

    assert surplus("cli", found, "t1_") == []
    assert surplus("readmodel", found) == found
    assert surplus("cli", [*found, ("clusterMonitor", "admin")], "t1_") == [("clusterMonitor", "admin")]
