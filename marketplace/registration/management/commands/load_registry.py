"""``manage.py load_registry FILE``: loads the registry of corporate numbers, with which applicants are compared."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...published_files import FileUnreadable, read_registry
from ...services import load_registry


class Command(BaseCommand):
    """Loads a CSV file in UTF-8 as the registry publishes it (法人番号公表サイト): all entries, or the changes of a day."""

    help = (
        "Load the published CSV (UTF-8) of the registry of corporate numbers, whole or the changes of a day."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the file, and say how many entries it has."""
        path: Path = options["file"]
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                snapshot = load_registry(sha256=digest, entries=read_registry(lines))
        except (FileUnreadable, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}") from None
        self.stdout.write(f"{snapshot.public_id}: {snapshot.entries} entries of {path} ({digest})")
