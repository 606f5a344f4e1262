"""Verifies the evidence log, from a checkpoint that was kept elsewhere or as a whole."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.evidence.models import Checkpoint
from marketplace.evidence.verification import verify_log


class Command(BaseCommand):
    """Exits non-zero with what does not fit."""

    help = "Verifies every record, tile and checkpoint, or those after the checkpoint in a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file of the kept checkpoint, and whether it is replaced by the newest."""
        parser.add_argument(
            "--kept", type=Path, help="a file with a signed checkpoint that was verified before"
        )
        parser.add_argument(
            "--keep", action="store_true", help="write the newest checkpoint into that file if all is well"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Verify, name the faults, and keep the newest checkpoint."""
        file, note = options["kept"], None
        if options["keep"] and file is None:
            raise CommandError("--keep needs --kept FILE")
        if file is not None and not (options["keep"] and not file.exists()):
            try:
                note = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"{file} cannot be read: {error}") from error
        newest = Checkpoint.objects.order_by("-size").first()
        outcome = verify_log(note)
        for fault in outcome.faults:
            self.stderr.write(fault)
        if outcome.faults:
            raise SystemExit(1)
        if options["keep"] and newest is not None:
            draft = file.with_name(f"{file.name}.draft")
            draft.write_text(newest.note, encoding="utf-8")
            draft.replace(file)
        self.stdout.write(f"verified: {outcome.entries} leaves, root {outcome.root}")
