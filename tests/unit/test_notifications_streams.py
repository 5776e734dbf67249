"""What a live stream shows, and how its cursor is read again."""

import json
from datetime import UTC, datetime

from aiokafka import TopicPartition

from contracts.codec import Message
from notifications.cursor import Cursor, Cursors
from notifications.domain import Hidden, clear
from notifications.frames import Frame, shown
from notifications.hub import Listener

NOW = datetime(2025, 5, 6, 18, 30, tzinfo=UTC)
KENT = [TopicPartition("engagement.kent", number) for number in range(3)]
HERE = Cursor(dict(zip(KENT, (1, 0, 7), strict=True)), NOW)


def concern(**data: object) -> Message:
    clear = {"id": "c", "force": "kent", "version": 1, "status": "raised", "category": "drugs", "locality": "Dover", "meeting_id": "m"}
    return Message("e", "engagement.concern-raised.v1", "concerns", NOW, clear | data)


def frame(offset: int) -> Frame:
    return Frame(KENT[0], offset, "kent", "engagement.concern-raised.v1", json.dumps({}))


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursors = Cursors("secret")

    assert cursors.read(cursors.write(HERE)) == HERE
    assert HERE.forces == {"kent"}


def test_what_is_no_cursor_of_ours_is_none() -> None:
    written = Cursors("secret").write(HERE)

    for text in ("", "garbage", "é", "a" * 50_000, written[:-4], "A" + written[1:], Cursors("other").write(HERE)):
        assert Cursors("secret").read(text) is None, text[:40]


def test_an_ordinary_record_is_shown_as_it_is() -> None:
    assert shown(concern(), None)["category"] == "drugs"


def test_an_older_version_of_what_is_sensitive_now_shows_its_frame_alone() -> None:
    assert shown(concern(), Hidden(2)) == {
        "id": "c",
        "force": "kent",
        "version": 1,
        "status": "raised",
        "meeting_id": "m",
        "sensitive": True,
    }


def test_an_older_version_of_what_is_erased_now_shows_that_it_was() -> None:
    assert shown(concern(), Hidden(2, erased=True)) == {"id": "c", "force": "kent", "version": 1}


def test_an_unknown_type_of_what_is_sensitive_now_shows_next_to_nothing() -> None:
    unknown = Message("e", "engagement.tea-served.v1", "concerns", NOW, {"id": "c", "force": "kent", "version": 1, "words": "?"})

    assert shown(unknown, Hidden(2)) == {"id": "c", "force": "kent", "version": 1, "sensitive": True}


def test_an_unknown_type_is_shown_and_sent_by_its_frame_alone() -> None:
    data = {"id": "c", "force": "kent", "version": 1, "sensitive": False, "words": "?", "status": "served"}
    unknown = Message("e", "engagement.tea-served.v1", "concerns", NOW, data)
    frame_alone = {"id": "c", "force": "kent", "version": 1, "sensitive": False}

    assert shown(unknown, None) == frame_alone
    assert (clear(unknown), clear(concern())) == (frame_alone, concern().data)


async def test_a_client_that_does_not_keep_up_is_given_nothing_more() -> None:
    listener = Listener(lambda _: True, most=2)
    for offset in range(5):
        listener.offer(frame(offset))

    assert listener.too_slow
    assert listener.idle
    assert await listener.next(0.01) is None


async def test_a_client_gets_what_it_wants_in_order() -> None:
    listener = Listener(lambda found: found.offset != 1, most=9)
    for offset in range(3):
        listener.offer(frame(offset))

    assert [await listener.next(1), await listener.next(1), await listener.next(0.01)] == [frame(0), frame(2), None]
