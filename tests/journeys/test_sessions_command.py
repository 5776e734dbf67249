"""`roundtable sessions`: who is signed in is shown, and someone who is signed out is so in every browser."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tests.journeys.conftest import Product, roundtable

WHO = "ada@northants.example"


@contextmanager
def signed_in(product: Product) -> Iterator[httpx2.Client]:
    """A browser in which someone is signed in."""
    link = roundtable(product, "sign-in", "--subject", WHO, "--grant", "northamptonshire:reader").stdout.strip()
    with httpx2.Client(base_url=product.url("readmodel")) as browser:
        assert browser.get(f"/sign-in?{link.partition('?')[2]}").status_code == httpx2.codes.SEE_OTHER
        yield browser


def test_someone_is_signed_out_of_every_browser_and_nobody_else_is(product: Product) -> None:
    with signed_in(product) as one, signed_in(product) as two:
        assert roundtable(product, "sessions", "list").stdout.count(f"{WHO}\t") == 2
        assert {browser.get("/overview").status_code for browser in (one, two)} == {httpx2.codes.OK}

        assert roundtable(product, "sessions", "end", "someone.else").stdout == "0 sessions of someone.else ended\n"
        assert one.get("/overview").status_code == httpx2.codes.OK
        assert roundtable(product, "sessions", "end", WHO).stdout == f"2 sessions of {WHO} ended\n"

        assert {browser.get("/overview").headers["location"] for browser in (one, two)} == {"/sign-in"}
    assert WHO not in roundtable(product, "sessions", "list").stdout
