"""A log that a test can read."""

import io
import json
from typing import Any


class Lines(io.StringIO):
    """A stream of log lines."""

    def read_all(self) -> list[dict[str, Any]]:
        """Every line so far."""
        return [json.loads(line) for line in self.getvalue().splitlines()]
