"""``manage.py load_screening_list CODE VERSION FILE``: loads a sanctions list, on which applicants are looked for."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...published_files import FileUnreadable, read_sanctions
from ...services import load_screening_list


class Command(BaseCommand):
    """Loads a list as CSV in UTF-8 with the header ``reference,kind,names,born_on``; the newest version of a code counts."""

    help = (
        "Load a version of a sanctions list: a CSV file (UTF-8) with the header reference,kind,names,born_on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The code of the list (such as ``mof``), the version of this file, and the file."""
        parser.add_argument("code")
        parser.add_argument("version")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the file, and say how many names it has."""
        path: Path = options["file"]
        try:
            content = path.read_bytes()
            entries = read_sanctions(content.decode("utf-8-sig").splitlines())
        except (FileUnreadable, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}") from None
        if not entries:
            raise CommandError(f"{path}: it has no entries")
        loaded = load_screening_list(
            code=options["code"],
            version=options["version"],
            sha256=hashlib.sha256(content).hexdigest(),
            entries=entries,
        )
        self.stdout.write(f"{loaded.public_id}: {loaded.entries} names of {loaded.code} {loaded.version}")
