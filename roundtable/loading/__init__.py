"""Loads engagements from a file through the public API, as any other client would record them."""

from roundtable.loading.engagements import Engagement, read_engagements
from roundtable.loading.loader import Loader

__all__ = ["Engagement", "Loader", "read_engagements"]
