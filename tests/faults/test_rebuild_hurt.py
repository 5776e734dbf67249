"""Row 14: a full rebuild under load, and a kill during the swap. It waits for `roundtable rebuild`.

What it needs is here: `scene` for the load and the verdict, `evidence` for the live model's name, `mains.points` for a point at which
the swap kills itself, and `mains.guards` for a rebuild that tells subscribers again or swaps without looking.
"""

import pytest

pytestmark = pytest.mark.faults


@pytest.mark.skip(reason="the product has no `roundtable rebuild` yet")
def test_row_14_a_rebuild_under_load_is_killed_during_the_swap() -> None:
    """New = old, and nothing was sent to anyone."""
