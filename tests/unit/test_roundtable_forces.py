"""Forces on the real engines: each has a slug, one key and one line, and only one that is registered can be written to."""

import secrets

import pytest
from confluent_kafka import KafkaError

from roundtable.errors import OperatorError
from roundtable.provisioning import Provisioning, add_force, registered_forces
from tests.conftest import Place
from tests.unit.provisioned import desk_at, produced

desk = pytest.fixture(desk_at)


def test_a_force_that_is_added_again_keeps_its_key_and_its_line(place: Place, desk: Provisioning) -> None:
    key = desk.keys_dir / place.force / "1.key"
    before = key.read_text(), registered_forces(desk)

    add_force(desk, place.force)

    assert (key.read_text(), registered_forces(desk)) == before
    assert len(key.read_text()) == 43
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("slug", ["", "Kent", "west yorkshire", "../kent", "-kent", "kent-", "a--b", "kent\n"])
def test_what_is_no_slug_registers_nothing(desk: Provisioning, slug: str) -> None:
    before = registered_forces(desk)

    with pytest.raises(OperatorError, match="is not a force's slug"):
        add_force(desk, slug)

    assert registered_forces(desk) == before


def test_a_force_can_be_written_to_as_soon_as_it_is_added(place: Place) -> None:
    assert [produced(place.engines, "concerns", place.add_force()) for _ in range(6)] == [None] * 6


def test_nobody_writes_to_a_force_that_is_not_registered(place: Place) -> None:
    refusal = produced(place.engines, "meetings", f"unknown-{secrets.token_hex(3)}")

    assert refusal is not None
    assert refusal.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
