"""Benchmarks of the figures that the docs name."""
