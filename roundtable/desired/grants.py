"""Grants: whether what a subject may do in a force is revoked."""

from collections.abc import Iterator
from functools import partial

from roundtable.desired.change import Bench, Change
from roundtable.desired.file import Desired
from roundtable.desired.found import Found
from roundtable.provisioning.grants import restore_grant, revoke_grant


def grant_changes(desired: Desired, found: Found) -> Iterator[Change]:
    """Revocations that are missing, and revocations that are to be taken back."""
    for each in desired.grants:
        is_revoked = (each.subject, each.force) in found.revoked
        if each.revoked and not is_revoked:
            yield Change("+", f"revocation of {each.subject} in {each.force}", partial(_revoke, subject=each.subject, force=each.force))
        if is_revoked and not each.revoked:
            yield Change("-", f"revocation of {each.subject} in {each.force}", partial(_restore, subject=each.subject, force=each.force))


def _revoke(bench: Bench, subject: str, force: str) -> None:
    revoke_grant(bench.desk, subject, force)


def _restore(bench: Bench, subject: str, force: str) -> None:
    restore_grant(bench.desk, subject, force)
