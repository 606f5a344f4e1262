"""Old events that leave for the archive."""

from marketplace.kernel.retention import OldRows

from .archive import archive_oldest

OldRows(name="events", remove=archive_oldest)
