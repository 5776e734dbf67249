"""Settings of the read model: those of every service, on a port of its own."""

from pydantic import Field

import chassis.settings


class Settings(chassis.settings.Settings):
    """What the read model is told by its environment."""

    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    dashboard_url: str = Field(
        "http://127.0.0.1:8000",
        pattern=r"^https?://[^/\s?#]+$",
        description="Under which address people reach the dashboard: sign-in links begin with it, and identity providers lead back to it.",
    )
