"""Notifiers that update or end a Live Activity from a callback or a Deadline Alert."""
