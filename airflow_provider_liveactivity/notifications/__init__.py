"""Notifiers: a callback or a Deadline Alert updates or ends a Live Activity."""
