"""Rotating the market's signing key: whoever holds the settings enters the next key into the published history."""

from __future__ import annotations

import base64

from django.db import transaction
from django.utils import timezone
from joserfc.jwk import OKPKey

from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import canonical_json

from . import services
from .keys import key_in_force, market_key, new_row
from .models import MarketKey
from .signatures import sign_bytes


def handover_of(row: MarketKey) -> bytes:
    """What the key before ``row`` signs: that the market signs by this key from now on."""
    return canonical_json(
        {
            "statement": "sanpo.key_handover.v1",
            "name": row.name,
            "kid": row.kid,
            "x": base64.urlsafe_b64encode(bytes(row.public_key)).rstrip(b"=").decode(),
        }
    )


@transaction.atomic
def rotate_key(following: OKPKey, *, is_lost: bool = False) -> MarketKey:
    """End the key in force and begin ``following``; the old key signs the handover, and evidence records it.

    From then on the market signs checkpoints with the new key only, so its processes are restarted with it. ``is_lost``:
    the old key is lost, so nothing hands over; the history shows that, and who verifies has to be told otherwise. Raises
    KeyNotInForce if the settings do not have the key in force, unless it is lost.
    """
    row = new_row(following)
    before = MarketKey.objects.select_for_update().filter(name=row.name, until=None).first()
    if not is_lost:
        before = key_in_force()
        row.handover = sign_bytes(market_key(), handover_of(row))
    row.since = timezone.now()
    if before is not None:
        before.until = row.since
        before.save(update_fields=["until"])
    row.save(force_insert=True)
    services.record(
        kind="evidence.key_rotated",
        subject=row.public_id,
        actor=SYSTEM,
        payload={
            "kid": row.kid,
            "key_id": row.key_id,
            "before": before.kid if before else "",
            "is_handed_over": bool(row.handover),
        },
    )
    return row
