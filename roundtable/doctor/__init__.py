"""The doctor: looks at a running stack from outside, and says of each part how it is, what was found and what to do.

Probes ask and know nothing of good or bad; judges are pure, and are told what was found.
"""

from roundtable.doctor.examination import examine
from roundtable.doctor.finding import Finding

__all__ = ["Finding", "examine"]
