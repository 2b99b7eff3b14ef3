"""Sensors for Live Activities."""
