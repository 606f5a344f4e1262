"""Rotating the market's signing key: whoever holds the settings enters the key that two people announced into the history."""

from __future__ import annotations

import base64

from django.db import transaction
from django.utils import timezone
from joserfc.jwk import OKPKey

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import canonical_json

from . import services
from .announcement_models import KeyAnnouncement
from .errors import KeyNotAnnounced
from .keys import new_row
from .models import Checkpoint, EvidenceRecord, Leaf, MarketKey


def handover_of(row: MarketKey | KeyAnnouncement) -> bytes:
    """What the key before ``row`` signs: that the market signs by this key after it."""
    return canonical_json(
        {
            "statement": "sanpo.key_handover.v1",
            "name": row.name,
            "kid": row.kid,
            "x": base64.urlsafe_b64encode(bytes(row.public_key)).rstrip(b"=").decode(),
        }
    )


@transaction.atomic
def rotate_key(following: OKPKey) -> MarketKey:
    """End the key in force and begin ``following``, which two people announced last; evidence records it.

    From then on the market signs checkpoints with the new key only, so its processes are restarted with it. Raises
    KeyNotAnnounced while the key is not announced, its notice is not over, or no checkpoint covers its announcement.
    """
    row = new_row(following)
    before = MarketKey.objects.select_for_update().filter(name=row.name, until=None).first()
    announced = KeyAnnouncement.objects.filter(name=row.name).order_by("-pk").first()
    if announced is None or (announced.kid, bytes(announced.public_key)) != (row.kid, row.public_key):
        raise KeyNotAnnounced(key=row.kid, reason=KeyNotAnnounced.ANOTHER)
    if announced.effective_from > clock.now():
        raise KeyNotAnnounced(key=row.kid, reason=KeyNotAnnounced.LATER)
    if not announced.is_emergency and not _is_covered(announced):
        raise KeyNotAnnounced(key=row.kid, reason=KeyNotAnnounced.UNCOVERED)
    row.announcement, row.handover, row.since = announced, announced.handover, timezone.now()
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
            "announcement": announced.public_id,
        },
    )
    return row


def _is_covered(announced: KeyAnnouncement) -> bool:
    """Whether a checkpoint, which the key before it signed, covers the announcement in the log."""
    records = EvidenceRecord.objects.filter(subject=announced.public_id, kind="evidence.key_announced")
    index = Leaf.objects.filter(record__in=records).values_list("index", flat=True).first()
    return index is not None and Checkpoint.objects.filter(size__gt=index).exists()
