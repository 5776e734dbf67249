"""Settings of notifications, besides those of every service."""

import json
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Final

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

import chassis.settings
from contracts.entry import problem

WRONG_NETWORKS: Final = problem("wrong_networks", "must be networks such as 127.0.0.1/32, separated by commas, or a list of them in JSON")


class Settings(chassis.settings.Settings):
    """What notifications is told by its environment."""

    port: int = Field(8003, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    webhook_allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
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

    @field_validator("webhook_allowed_networks", mode="before")
    @classmethod
    def _listed(cls, written: Any) -> Any:  # noqa: ANN401 - whatever the environment holds
        if not isinstance(written, str):
            return written
        try:
            named = json.loads(written) if written.lstrip().startswith("[") else written.split(",")
            return [ip_network(str(network).strip()) for network in named]
        except ValueError as error:
            raise WRONG_NETWORKS from error
