"""What benchmarks measure: the embedded servers, and time that nobody moves, as in production."""

from marketplace.settings.embedded import *  # noqa: F403

CLOCK_MOVABLE = False
