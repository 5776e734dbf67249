"""The oracle: what a force's log, read model and subscribers say against each other after a fault, in words; nothing when all is well.

Each function judges one letter of the matrix. They are pure, and share no code with the product but the pure count of one record.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from contracts.concern import Concern
from readmodel.projections import bucket, contribution
from readmodel.tally import figure_of
from tests.faults.evidence import Document, Evidence, Logged, Subscriber


def differences(evidence: Evidence) -> list[str]:
    """Everything that is not as it must be."""
    judges = (_answered, _invented, _folded, _counted, _told_of, _gapless, _delivered, _isolated, _recovered)
    return [f"({judge.__doc__}) {difference}" for judge in judges for difference in judge(evidence)]


def _answered(evidence: Evidence) -> Iterator[str]:
    """a"""
    logged = {(record.subject, record.version) for record in _events(evidence)}
    stands = {document["id"]: document["version"] for document in evidence.model}
    for answer in evidence.answered:
        if (answer.id, answer.version) not in logged:
            yield f"{answer.key} was answered as version {answer.version} of {answer.id}, which is not in the log"
        if stands.get(answer.id, 0) < answer.version:
            yield f"{answer.key} was answered as version {answer.version} of {answer.id}: the read model has {stands.get(answer.id, 0)}"
    for absent in {answer.id for answer in evidence.answered} - evidence.shown:
        yield f"{absent} is not in the list that readers get"


def _invented(evidence: Evidence) -> Iterator[str]:
    """a"""
    answers = {(answer.id, answer.version): answer.key for answer in evidence.answered}
    for key, ids in _resources(evidence).items():
        if len(ids) > 1:
            yield f"{key} was asked for once and is recorded as {len(ids)} concerns"
    for record in {(record.subject, record.version): record for record in _events(evidence)}.values():
        asked = str(record.data.get("locality"))
        under_way = {key for key in evidence.open_keys if key == asked or key.startswith(f"{asked}-")}
        if (record.subject, record.version) not in answers and not under_way:
            yield f"version {record.version} of {record.subject} is in the log, and nobody was answered so"


def _folded(evidence: Evidence) -> Iterator[str]:
    """b"""
    fold = _fold(evidence)
    model = {document["id"]: _without_key(document) for document in evidence.model}
    for subject in sorted(fold.keys() | model.keys()):
        if fold.get(subject) != model.get(subject):
            versions = [of.get(subject, {}).get("version") for of in (fold, model)]
            yield f"{subject}: the log folds to version {versions[0]}, the read model has {versions[1]} or another state"


def _counted(evidence: Evidence) -> Iterator[str]:
    """b"""
    counted: Counter[tuple[object, ...]] = Counter()
    for document in _fold(evidence).values():
        counted.update({(bucket(Concern, document), *figure): number for figure, number in contribution(Concern, document).items()})
    for each in evidence.figures:
        counted.subtract({(each["date"], *figure_of(field)): number for field, number in each["counts"].items()})
    for figure, off in sorted(counted.items(), key=str):
        if off:
            yield f"the figure {figure} is off by {-off}"


def _told_of(evidence: Evidence) -> Iterator[str]:
    """b"""
    lines = Counter(line["_id"].rpartition(":")[2] for line in evidence.history)
    events = {record.id for record in _events(evidence)}
    for event in sorted(events | lines.keys()):
        if lines[event] != (event in events):
            yield f"event {event} has {lines[event]} lines of history"


def _gapless(evidence: Evidence) -> Iterator[str]:
    """c"""
    ids: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in _events(evidence):
        ids[record.subject][record.version].add(record.id)
    owned = {document["id"]: document["version"] for document in evidence.owned}
    for subject in sorted(ids.keys() | owned.keys()):
        versions = list(ids[subject])
        if versions != list(range(1, owned.get(subject, 0) + 1)):
            yield f"{subject}: its owner has version {owned.get(subject)}, and the log first shows {versions}"
        if any(len(events) > 1 for events in ids[subject].values()):
            yield f"{subject}: two events claim one version"


def _delivered(evidence: Evidence) -> Iterator[str]:
    """d"""
    kept = Counter((each["subscription_id"], each["id"].rpartition(":")[2]) for each in evidence.deliveries)
    due = Counter({(one.id, event): 1 for one in evidence.subscribers for event in _matching(one, _events(evidence))})
    for subscription, event in sorted(kept.keys() | due.keys()):
        found, wanted = kept[subscription, event], due[subscription, event]
        if found != wanted:
            yield f"event {event} has {found} deliveries to {subscription}, and not {wanted}"
    came = {got.webhook_id for one in evidence.subscribers for got in one.got}
    for delivery in evidence.deliveries:
        if delivery["status"] == "delivered" and delivery["id"] not in came:
            yield f"{delivery['id']} counts as delivered and never came"


def _isolated(evidence: Evidence) -> Iterator[str]:
    """e"""
    yield from evidence.leaks
    for one in evidence.subscribers:
        for got in one.got:
            if got.event["forceid"] != one.force:
                yield f"{one.id} of {one.force} was sent an event of {got.event['forceid']}"
    for record in _events(evidence):
        if record.force != evidence.force or record.data.get("force") != evidence.force:
            yield f"the topic of {evidence.force} holds an event of {record.force}"


def _recovered(evidence: Evidence) -> Iterator[str]:
    """f"""
    if evidence.late:
        yield evidence.late
    for key in sorted(evidence.open_keys):
        yield f"{key} was never answered"


def _events(evidence: Evidence) -> list[Logged]:
    return [record for record in evidence.log if record.id]


def _fold(evidence: Evidence) -> dict[str, Document]:
    """The newest state of each record in the log."""
    newest: dict[str, Document] = {}
    for record in sorted(_events(evidence), key=lambda record: record.version):
        newest[record.subject] = record.data
    return newest


def _resources(evidence: Evidence) -> dict[str, set[str]]:
    """The concerns that each request to raise one led to: the request's key stands in each as its locality."""
    found: dict[str, set[str]] = defaultdict(set)
    for record in _events(evidence):
        found[str(record.data.get("locality"))].add(record.subject)
    return found


def _matching(subscriber: Subscriber, events: Iterable[Logged]) -> set[str]:
    """Events that a subscription is told of: of its force, and its types. It was made before the first of them, whatever the clocks say."""
    return {event.id for event in events if event.force == subscriber.force and (not subscriber.types or event.type in subscriber.types)}


def _without_key(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "_id"}
