"""Concerns: what communities raised, what was promised, and what came of it."""
