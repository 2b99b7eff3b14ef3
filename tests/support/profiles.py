"""Hypothesis profiles: choose one with ``--hypothesis-profile=NAME``. With CI set, ``ci`` is the default."""

from __future__ import annotations

import os

from hypothesis import settings

EXAMPLES = 100


def load() -> None:
    """Register the profiles and load the default one."""
    # No example has a deadline: a busy machine is no reason to fail.
    settings.register_profile("default", deadline=None, max_examples=EXAMPLES)
    settings.register_profile("ci", deadline=None, max_examples=EXAMPLES, print_blob=True)
    settings.register_profile("nightly", deadline=None, max_examples=10 * EXAMPLES, print_blob=True)
    settings.load_profile("ci" if os.environ.get("CI") else "default")


def examples(number: int) -> int:
    """Return how many examples to try in the current profile, where the default one is to try ``number``."""
    return number * settings().max_examples // EXAMPLES
