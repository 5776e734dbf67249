"""Programs that are a service with something in it changed. The product has no switch for any of this."""
