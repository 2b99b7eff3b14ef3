"""Sensors for the life of a Live Activity."""
