"""Enters the market's next signing key into the published history."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from marketplace.evidence.errors import KeyNotInForce
from marketplace.evidence.keys import private_part
from marketplace.evidence.rotation import rotate_key


class Command(BaseCommand):
    """Run it with the settings that still have the old key, then set the new one and restart the market's processes."""

    help = "Ends the signing key in force and begins the one in FILE; the old key signs the handover."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file of the new key, and whether the old one is lost."""
        parser.add_argument("file", type=Path, help="the new private key, an Ed25519 JWK")
        parser.add_argument(
            "--lost",
            action="store_true",
            help="the old key is lost: nothing hands over, and the history shows it",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Rotate, and say what comes next."""
        try:
            key = OKPKey.import_key(json.loads(options["file"].read_text(encoding="utf-8")))
            private_part(key)
        except (OSError, ValueError, TypeError, JoseError) as error:
            raise CommandError(f"{options['file']} holds no private Ed25519 key (JWK): {error}") from error
        try:
            row = rotate_key(key, is_lost=options["lost"])
        except KeyNotInForce as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"Key {row.kid} is in force. Set it as MARKET_SIGNING_KEY (or SIGNING_KEY_FILE) and restart every process:"
            " until then no checkpoint is signed."
        )
