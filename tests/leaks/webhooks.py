"""What partners were sent: judged by what was true when it was sent."""

import json

from tests.leaks.asking import Cases
from tests.leaks.city import City
from tests.leaks.oracle import shown_too_much
from tests.leaks.people import Held
from tests.leaks.records import SEALED


def leaks(city: City, cases: Cases) -> list[str]:
    """What is wrong with the webhooks of every force, in words."""
    return [each for slug in city.forces for each in _of(city, slug, cases)]


def _of(city: City, slug: str, cases: Cases) -> list[str]:
    held, sent = Held({slug: frozenset({"subscriber"})}), city.receiver.at(city.paths[slug])
    cases.judged["webhook"] += len(sent)
    cases.seen["webhook"] += sum(len(city.marks.within(json.dumps(got.event))) for got in sent)
    found = [each for got in sent for each in shown_too_much(city.marks, held, f"{got.webhook_id} {json.dumps(got.event)}", then=True)]
    found += [f"{name} was sent" for got in sent for name in SEALED & got.event["data"].keys()]
    found += ["something sensitive was sent" for got in sent if got.event["data"].get("sensitive")]
    told = {got.event["subject"] for got in sent}
    # What became sensitive or was erased may have done so before anyone was told.
    due = [each for each in city.records if each.force == slug and not each.fate.is_sensitive]
    return found + [f"{each.collection} {each.fate.name} was never sent" for each in due if each.id not in told]
