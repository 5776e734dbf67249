"""The read model: every force's events as documents and figures, what can be asked of them, and the dashboard."""
