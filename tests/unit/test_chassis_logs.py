"""Logs: one JSON object a line, with the trace of the request, and nothing of what was sent."""

import logging

import httpx2
import pytest
import structlog

from chassis.trace import taken, trace_id, tracing
from tests.unit.leaflets import FACTS, HERE, PATH, Issuer
from tests.unit.log_lines import Lines

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_line_says_when_how_bad_who_and_what(lines: Lines) -> None:
    with tracing(TRACEPARENT):
        structlog.get_logger().warning("kafka_away", force=HERE)

    (line,) = lines.read_all()
    assert list(line) == ["time", "level", "service", "event", "force", "trace_id"]
    assert (line["level"], line["service"], line["event"], line["force"]) == ("warning", "leaflets", "kafka_away", HERE)
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert line["time"].endswith("Z")


def test_lines_of_libraries_go_the_same_way(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
    logging.getLogger("httpx2").info("GET https://receiver.example/?token=x")
    logging.getLogger("uvicorn.error").debug("too fine")

    (line,) = lines.read_all()
    assert (line["event"], line["service"]) == ("Started server process [7]", "leaflets")


def test_an_exception_is_told_by_its_kind_and_place(lines: Lines) -> None:
    try:
        _fail("ring 07700 900123")
    except KeyError:
        structlog.get_logger().exception("failed")
        logging.getLogger("uvicorn.error").exception("failed too")

    for line in lines.read_all():
        assert [cause["type"] for cause in line["error"]] == ["KeyError", "ValueError"]
        assert "_fail" in line["error"][0]["at"][-1]
    assert "07700" not in lines.getvalue()


def test_the_message_of_an_error_of_the_system_is_told(lines: Lines) -> None:
    structlog.get_logger().error("failed", exc_info=ConnectionRefusedError(111, "Connection refused"))

    assert lines.read_all()[0]["error"][0]["type"] == "ConnectionRefusedError: [Errno 111] Connection refused"


def test_no_token_is_ever_written(lines: Lines, issuer: Issuer) -> None:
    token = issuer.token({HERE: ["reader"]})

    structlog.get_logger().info("seen", header=f"Bearer {token}")

    assert token not in lines.getvalue()
    assert token.split(".")[1] not in lines.getvalue()


async def test_the_access_log_has_the_path_without_query_or_body(lines: Lines, door: httpx2.AsyncClient, issuer: Issuer) -> None:
    await door.post(f"{PATH}?q=search-words", headers=issuer.bearer({HERE: ["recorder"]}) | {"traceparent": TRACEPARENT}, json=FACTS)
    await door.get("/health/live")

    (line,) = [line for line in lines.read_all() if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("POST", PATH, 201)
    assert line["trace_id"] == TRACEPARENT.split("-")[1]
    assert not any(secret in lines.getvalue() for secret in ("search-words", "Sheds", "eyJ"))


async def test_a_failure_is_logged_with_its_trace_and_without_its_message(lines: Lines, door: httpx2.AsyncClient) -> None:
    answer = await door.get("/broken")

    failure = next(line for line in lines.read_all() if line["event"] == "request_failed")
    assert failure["trace_id"] == answer.headers["X-Trace-Id"]
    assert failure["error"][0]["type"] == "RuntimeError"
    assert "broken" in failure["error"][0]["at"][-1]
    assert "what a caller sent" not in lines.getvalue()


async def test_who_reads_a_sensitive_record_is_logged_without_its_words(lines: Lines, door: httpx2.AsyncClient, issuer: Issuer) -> None:
    recorder = issuer.bearer({HERE: ["recorder"]}, sub="ada")
    created = (await door.post(PATH, headers=recorder, json=FACTS | {"sensitive": True})).json()["id"]

    await door.get(f"{PATH}/{created}", headers=issuer.bearer({HERE: ["reader"]}, sub="grace"))
    await door.get(f"{PATH}/{created}", headers=issuer.bearer({HERE: ["sensitive_reader"]}, sub="mary"))

    (read,) = [line for line in lines.read_all() if line["event"] == "sensitive_record_read"]
    assert (read["subject"], read["id"], read["force"], read["version"]) == ("mary", created, HERE, 1)
    assert "Sheds" not in lines.getvalue()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        TRACEPARENT.upper(),
        "ff" + TRACEPARENT[2:],
    ],
)
def test_a_trace_that_is_none_is_replaced(header: str | None) -> None:
    made = taken(header)

    assert made != header
    assert taken(made) == made


def test_a_trace_ends_with_its_work() -> None:
    with tracing(TRACEPARENT) as traceparent:
        assert traceparent == TRACEPARENT
        assert trace_id() == TRACEPARENT.split("-")[1]
    assert trace_id() is None


def _fail(what: str) -> None:
    try:
        int(what)
    except ValueError as error:
        raise KeyError(what) from error
