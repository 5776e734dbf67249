"""Meetings: organisations, neighbourhoods, meetings and what those who came thought of them."""
