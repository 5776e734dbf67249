"""Verification: compares the log, its owners' documents, the read model and the deliveries, and names every difference.

What is compared is pure: the log is folded with the very functions that the services fold it with. `snapshot` and `log` read.
"""

from roundtable.verification.report import Difference, Kind, Report
from roundtable.verification.shown import as_json, as_lines
from roundtable.verification.verify import verify

__all__ = ["Difference", "Kind", "Report", "as_json", "as_lines", "verify"]
