"""Settings of notifications, besides those of every service."""

from typing import Self

from pydantic import Field, model_validator

import chassis.settings
from chassis.networks import Networks
from chassis.secret_files import PREFIX
from contracts.entry import problem, refuse


class Settings(chassis.settings.Settings):
    """What notifications is told by its environment."""

    port: int = Field(8003, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    webhook_allowed_networks: Networks = Field(
        (), description="Networks that webhooks may reach though they are not public: 127.0.0.1/32,10.0.0.0/8, or a list in JSON."
    )
    webhook_allow_http: bool = Field(False, description="Whether a webhook may be sent without TLS.")
    stream_seconds: float = Field(3600, gt=0, le=86_400, description="How long a live stream lasts at most; its client resumes it.")
    stream_heartbeat_seconds: float = Field(
        15, gt=0, le=15, description="How often a live stream that has nothing to tell shows that it lives."
    )
    stream_queue: int = Field(
        1_000, ge=1, le=100_000, description="Events that may wait for one client of a live stream before it is dropped."
    )
    stream_clients: int = Field(2_000, ge=1, le=100_000, description="Clients of live streams at once in one process.")

    @model_validator(mode="after")
    def _has_room_for_streams(self) -> Self:
        if self.stream_clients >= self.connections:
            reason = problem(
                "too_many", f"must be less than {PREFIX}CONNECTIONS: each stream holds one, and others want to be answered too"
            )
            raise refuse(type(self), {"stream_clients": reason})
        return self
