"""The stack that `docker compose` runs: what its files hold, and what its engines need before the services can start."""
