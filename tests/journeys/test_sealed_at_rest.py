"""What was said is found nowhere: not in MongoDB's files, not in Kafka's segments, not in a log."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from string import ascii_lowercase

from tests.journeys.conftest import Product, created


def found_in(folder: Path, needles: list[bytes]) -> set[bytes]:
    """Which of these stand in any file below a folder; each file is read once."""
    found: set[bytes] = set()
    for folder_of, _, names in os.walk(folder):
        for name in names:
            # The engines run: a file that is deleted meanwhile holds nothing any more.
            with suppress(FileNotFoundError):
                for content in written(Path(folder_of, name)):
                    found |= {needle for needle in needles if needle in content}
    return found


def written(file: Path) -> Iterator[bytes]:
    """What a file holds, run by run; not the holes, which Kafka's indexes have for the most part, and which hold nothing."""
    with file.open("rb") as opened:
        number, end, size = opened.fileno(), 0, file.stat().st_size
        while end < size:
            try:
                begin = os.lseek(number, end, os.SEEK_DATA)
            except OSError:
                # Nothing but a hole is left.
                return
            end = os.lseek(number, begin, os.SEEK_HOLE)
            yield os.pread(number, end - begin, begin)


def test_sealed_words_are_in_no_file_of_the_data_folder_and_still_readable(product: Product) -> None:
    # Letters alone: some runs of digits look like a phone number, and are refused.
    said, gist, commitment, title = ("".join(secrets.choice(ascii_lowercase) for _ in range(24)) for _ in range(4))
    force = "northamptonshire"
    path = f"/v1/forces/{force}"
    with product.client("meetings", f"{force}:recorder") as meetings, product.client("concerns", f"{force}:recorder") as concerns:
        held = {"kind": "round_table", "title": title, "status": "held", "minutes": said}
        meeting = created(meetings.post(f"{path}/meetings", json=held))
        created(meetings.post(f"{path}/meetings/{meeting['id']}/feedback", json={"gist": gist}))
        concern = created(concerns.post(f"{path}/concerns", json={"category": "drugs", "said": said, "meeting_id": meeting["id"]}))
        owed = {"owner_role": "Chief Constable", "commitment": commitment, "standing": True, "answers": [concern["id"]]}
        created(concerns.post(f"{path}/actions", json=owed))
    with product.client("readmodel", f"{force}:reader") as reader:
        read = reader.get(f"/v1/concerns/{concern['id']}", params={"min_version": 1, "wait": "5s"}).json()
        assert read["said"] == said

        # MongoDB writes its files with a delay; what is clear shows when the newest writes are on the disk.
        with product.engines.mongo.client() as client:
            client.admin.command("fsync")

    needles = [word.encode() for word in (said, gist, commitment, title)]
    # The clear title must be found, or the search would prove nothing.
    assert found_in(product.engines.home.root, needles) == {title.encode()}
