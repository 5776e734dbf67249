"""Notifications: who wants to be told of what, what each was told, and the live stream."""
