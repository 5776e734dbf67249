"""Secrets in the files and in all that ever was in them: what is found and was not reviewed is named, and never shown.

`python -m audit.secrets` exits with 1 when there is any; `--reviewed` keeps all that is found as looked at, for a human who has.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.scan import scan_diff
from detect_secrets.settings import transient_settings

ROOT: Final = Path(__file__).resolve().parent.parent
REVIEWED: Final = Path(__file__).with_name("reviewed.json")
_HEURISTICS: Final = (
    "is_indirect_reference", "is_likely_id_string", "is_not_alphanumeric_string", "is_potential_uuid", "is_prefixed_with_dollar_sign",
    "is_sequential_string", "is_templated_secret",
)  # fmt: skip
_NOT_OURS: Final = [r"\.lock$", r"^services/readmodel/dashboard/static/govuk/", r"^audit/reviewed\.json$"]
"""Hashes of packages, another project's files, and the hashes that are written here."""
_SEALED: Final = [r'"(ct|nonce|kid)": "[A-Za-z0-9_=-]+"']
"""What is sealed in an example is not readable, and that is its point."""
_EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
Name = tuple[str, str, str]
"""File, kind and hash of something that looks like a secret; of whoever chose it nothing else is kept."""


def main(arguments: list[str]) -> int:
    """Compare what is found with what was reviewed; the exit status."""
    found = {_name(each): each for each in _found()}
    if arguments == ["--reviewed"]:
        REVIEWED.write_text(json.dumps(sorted(found), indent=1) + "\n")
        return 0
    known = {tuple(each) for each in json.loads(REVIEWED.read_text())}
    new = [each for name, each in sorted(found.items()) if name not in known]
    for each in new:
        sys.stdout.write(f"{each.filename}:{each.line_number}: {each.type}\n")
    sys.stdout.write(f"{len(found)} strings look like secrets in the files and their history, {len(new)} of them not reviewed\n")
    return 1 if new else 0


def _found() -> Iterator[PotentialSecret]:
    """What looks like a secret: in what is there now, and in every line that any commit added."""
    with transient_settings(_settings()) as settings:
        # Most of what ever was secret stood in a file that is there no more.
        settings.disable_filters("detect_secrets.filters.common.is_invalid_file")
        yield from scan_diff(_git("diff", "--text", "-U0", _EMPTY_TREE))
        yield from scan_diff(_git("log", "--all", "--patch", "--text", "-U0", "--format="))


def _settings() -> dict[str, Any]:
    """Every kind of secret that the library knows. It asks no service whether one is good."""
    filters: list[dict[str, Any]] = [{"path": f"detect_secrets.filters.heuristic.{name}"} for name in _HEURISTICS]
    filters += [{"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": _NOT_OURS}]
    filters += [{"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": _SEALED}]
    plugins: Iterable[type[Any]] = get_mapping_from_secret_type_to_class().values()
    return {"plugins_used": [{"name": plugin.__name__} for plugin in plugins], "filters_used": filters}


def _name(secret: PotentialSecret) -> Name:
    return secret.filename, secret.type, secret.secret_hash


def _git(*arguments: str) -> str:
    argv = ("git", "-C", str(ROOT), *arguments[:1], "--no-color", "--no-ext-diff", *arguments[1:])
    return subprocess.run(argv, capture_output=True, check=True).stdout.decode(errors="replace")  # noqa: S603 - git, on our own files


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
