"""An installation as one reviewed file says it should be, held against what it is."""

from roundtable.desired.change import Bench, Change
from roundtable.desired.file import Desired, read_desired
from roundtable.desired.found import Found, look
from roundtable.desired.plan import Plan, plan
from roundtable.desired.shown import shown

__all__ = ["Bench", "Change", "Desired", "Found", "Plan", "look", "plan", "read_desired", "shown"]
