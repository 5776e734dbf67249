"""The identities of Roundtable itself: one for each service, and one for the command line."""

from typing import Final

WRITERS: Final = ("meetings", "concerns")
READERS: Final = ("readmodel", "notifications")
SERVICES: Final = (*WRITERS, *READERS)
COMMAND_LINE: Final = "cli"
