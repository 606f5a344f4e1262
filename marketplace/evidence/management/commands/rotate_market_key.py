"""Enters the market's next signing key into the published history."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from marketplace.evidence.errors import KeyNotAnnounced
from marketplace.evidence.keys import new_row, private_part
from marketplace.evidence.rotation import rotate_key
from marketplace.evidence.verifier_keys import ED25519, verifier_key


class Command(BaseCommand):
    """Run it after two people announced the key, then set it in the settings and restart the market's processes."""

    help = "Ends the signing key in force and begins the one in FILE, which two people of the operator announced."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file of the new key, and whether it is only shown."""
        parser.add_argument("file", type=Path, help="the new private key, an Ed25519 JWK")
        parser.add_argument(
            "--show",
            action="store_true",
            help="change nothing, and print the verifier key that two people of the operator announce",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Show the key or rotate, and say what comes next."""
        try:
            key = OKPKey.import_key(json.loads(options["file"].read_text(encoding="utf-8")))
            private_part(key)
        except (OSError, ValueError, TypeError, JoseError) as error:
            raise CommandError(f"{options['file']} holds no private Ed25519 key (JWK): {error}") from error
        if options["show"]:
            row = new_row(key)
            self.stdout.write(verifier_key(row.name, ED25519, bytes(row.public_key)))
            return
        try:
            row = rotate_key(key)
        except KeyNotAnnounced as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"Key {row.kid} is in force. Set it as MARKET_SIGNING_KEY (or SIGNING_KEY_FILE) and restart every process:"
            " until then no checkpoint is signed."
        )
