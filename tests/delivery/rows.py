"""Rows of delivery written past every service, for the tests of the database's own guards."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

from delivery.models import Download, EntitledDistribution, Entitlement, Inspection, Voucher
from marketplace.events.schemas.clearing import TradeSecured
from marketplace.events.services import emit
from marketplace.kernel import clock
from marketplace.kernel.identifiers import new_identifier
from tests.participants import factories as participants

CONTENT = b"station,reading\n1,2\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHA512 = hashlib.sha512(CONTENT).hexdigest()
OTHER_SHA256 = hashlib.sha256(b"something else").hexdigest()
OTHER_SHA512 = hashlib.sha512(b"something else").hexdigest()

_labels = itertools.count(1)


def secured(**changes: Any) -> tuple[str, TradeSecured]:
    """The public identifier of an outbox event, and the event: a trade between two new organisations is secured."""
    number = next(_labels)
    facts: dict[str, Any] = {
        "trade": new_identifier("trd"),
        "agreement": new_identifier("agr"),
        "listing": new_identifier("lst"),
        "listing_version": new_identifier("lsv"),
        "inspection_days": 2,
    }
    if "buyer" not in changes:
        facts["buyer"] = participants.organisation(f"buyer {number}").public_id
    if "seller" not in changes:
        facts["seller"] = participants.organisation(f"seller {number}").public_id
    event = TradeSecured(**(facts | changes))
    return emit(event), event


def requested(**changes: Any) -> Entitlement:
    """An entitlement for a secured trade, before access starts; ``changes`` are made to the row alone."""
    identifier, event = secured()
    parties = participants.queries.organisations_by_public_id([event.buyer, event.seller])
    columns = {
        "agreement": event.agreement,
        "trade": event.trade,
        "listing": event.listing,
        "listing_version": event.listing_version,
        "buyer_id": parties[event.buyer].id,
        "seller_id": parties[event.seller].id,
        "buyer_identifier": event.buyer,
        "seller_identifier": event.seller,
        "secured_event": identifier,
        "inspection_days": event.inspection_days,
        "granted_at": clock.now(),
    }
    return Entitlement.objects.create(**(columns | changes))


def distribution(entitlement: Entitlement, *, size_bytes: int = len(CONTENT)) -> EntitledDistribution:
    """A file that the entitlement covers."""
    return EntitledDistribution.objects.create(
        entitlement=entitlement,
        distribution=new_identifier("dst"),
        file_name="readings.csv",
        media_type="text/csv",
        size_bytes=size_bytes,
        sha256=SHA256,
        sha512=SHA512,
    )


def started(files: int = 1, **changes: Any) -> Entitlement:
    """An entitlement with open access to ``files`` files, waiting for receipts in round 1."""
    entitlement = requested(**changes)
    for _ in range(files):
        distribution(entitlement)
    Inspection.objects.create(entitlement=entitlement, opened_at=clock.now())
    entitlement.state = "started"
    entitlement.save()
    return entitlement


def inspection_of(entitlement: Entitlement) -> Inspection:
    """The inspection of the latest round."""
    return Inspection.objects.filter(entitlement=entitlement).latest("round")


def sending(entitlement: Entitlement, at: int = 0, **changes: Any) -> Download:
    """A download of the file at position ``at`` that is under way: of all of it, or as ``changes`` say."""
    columns = {
        "entitlement": entitlement,
        "inspection": inspection_of(entitlement),
        "distribution": EntitledDistribution.objects.filter(entitlement=entitlement).order_by("id")[at],
        "requested_by": "app_test",
        "length_bytes": len(CONTENT),
        "started_at": clock.now(),
    }
    return Download.objects.create(**(columns | changes))


def sent(entitlement: Entitlement, at: int = 0) -> Download:
    """A download that reached its end."""
    row = sending(entitlement, at)
    row.state, row.ended_at, row.sent_bytes = "sent", clock.now(), len(CONTENT)
    row.sent_sha256, row.sent_sha512 = SHA256, SHA512
    row.save()
    return row


def voucher(download: Download, **changes: Any) -> Voucher:
    """A voucher in which both sides agree, or as ``changes`` say."""
    columns = {
        "entitlement_id": download.entitlement_id,
        "inspection_id": download.inspection_id,
        "distribution_id": download.distribution_id,
        "download": download,
        "sent_sha256": SHA256,
        "sent_sha512": SHA512,
        "received_sha256": SHA256,
        "matched": True,
        "reported_by": "app_test",
        "reported_at": clock.now(),
    }
    return Voucher.objects.create(**(columns | changes))
