"""Old events that leave for the archive."""

from __future__ import annotations

from datetime import datetime

from marketplace.kernel.retention import OldRows

from .archive import archive_oldest
from .partitions import make_ranges


def remove_events(before: datetime) -> int:
    """Make the missing ranges ahead, so that one timer does both, and archive the oldest range that may leave."""
    make_ranges()
    return archive_oldest(before)


OldRows(name="events", remove=remove_events, not_held="They go to the archive, which keeps them.")
