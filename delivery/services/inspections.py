"""Receipts and acceptance. Each runs under the entitlement's lock, so exactly one takes effect."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db import transaction

from delivery.errors import (
    NothingSent,
    NotMatched,
    ReceiptWaits,
)
from delivery.inspection_period import end_of_inspection
from delivery.manifest import manifest_digest
from delivery.models import Download, EntitledDistribution, Entitlement, Inspection, Voucher
from delivery.queries import files_received
from delivery.states import (
    INSPECTION,
    AcceptedBy,
    DownloadState,
    InspectionState,
)
from marketplace.events.schemas.delivery import DeliveryAccepted, DeliveryMatched
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from .complaints import dispute_mismatch, is_undecided, require_undecided
from .locking import Delivery, lock_delivery, require_buyer

HASH_DIGITS = {"sha256": 64, "sha512": 128}


@transaction.atomic
def report_receipt(
    *, actor: Actor, entitlement: str, distribution: str, sha256: str | None = None, sha512: str | None = None
) -> Voucher:
    """Report, as the buyer, the hash of a received file: hexadecimal, SHA-256, SHA-512 or both; all must match.

    A hash that does not match is recorded as a voucher with ``matched`` false, and opens a dispute. When every file of the round has
    matched, the inspection period begins and ``delivery.matched`` is emitted. A report that arrives while the file is
    being sent, and before the end of that is recorded, waits: ``matched`` is null until then. Idempotent. Raises
    NotTheBuyer, Missing, FieldInvalid, NothingSent, ReceiptWaits, UnderDispute, InspectionOver.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    reported = _reported_hashes(sha256=sha256, sha512=sha512)
    delivery = lock_delivery(entitlement=entitlement, actor=actor)
    require_buyer(actor, delivery.entitlement)
    covered = delivery.distribution(distribution)
    download = _latest_sent(delivery.inspection, covered)
    if download is None:
        return _keep_waiting(actor, delivery, covered, reported)
    matched = _matches(download, reported)
    repeated = _same_report(download, reported, matched=matched)
    if repeated is not None:
        return repeated
    require_undecided(delivery)
    voucher = Voucher.objects.create(
        entitlement=delivery.entitlement,
        inspection=delivery.inspection,
        distribution=covered,
        **_compared(download, matched=matched),
        **_received(actor, reported),
    )
    _conclude_receipt(actor, delivery, voucher)
    return voucher


def _keep_waiting(
    actor: Actor, delivery: Delivery, covered: EntitledDistribution, reported: dict[str, str | None]
) -> Voucher:
    """Keep a report of a file whose sending is under way; raises NothingSent, ReceiptWaits."""
    require_undecided(delivery)
    in_round = {"inspection": delivery.inspection, "distribution": covered}
    if not Download.objects.filter(state=DownloadState.SENDING, **in_round).exists():
        raise NothingSent(distribution=covered.distribution, round=delivery.inspection.round)
    waiting = Voucher.objects.filter(matched=None, **in_round).first()
    if waiting is None:
        return Voucher.objects.create(
            entitlement=delivery.entitlement, **in_round, **_received(actor, reported)
        )
    if _hashes_received(waiting) != reported:
        raise ReceiptWaits(distribution=covered.distribution, voucher=waiting.public_id)
    return waiting


def compare_waiting_receipt(delivery: Delivery, download: Download) -> None:
    """Compare the receipt that waited for this download's file to be sent as a whole, if there is one.

    The caller holds the delivery's lock, and has recorded the hashes of the download. A receipt of an earlier round, or
    of a delivery that is decided or in dispute, stays as it is.
    """
    if delivery.inspection.pk != download.inspection_id or not is_undecided(delivery.inspection):
        return
    voucher = Voucher.objects.filter(
        inspection=delivery.inspection, distribution=download.distribution_id, matched=None
    ).first()
    if voucher is None:
        return
    for column, value in _compared(download, matched=_matches(download, _hashes_received(voucher))).items():
        setattr(voucher, column, value)
    voucher.save()
    _conclude_receipt(SYSTEM, delivery, voucher)


def _compared(download: Download, *, matched: bool) -> dict[str, Any]:
    """What a voucher says once the hashes are compared."""
    return {
        "download": download,
        "sent_sha256": download.sent_sha256,
        "sent_sha512": download.sent_sha512,
        "matched": matched,
    }


def _received(actor: Actor, reported: dict[str, str | None]) -> dict[str, Any]:
    """What a voucher says from the beginning."""
    return {
        "received_sha256": reported["sha256"],
        "received_sha512": reported["sha512"],
        "reported_by": actor.identifier,
        "reported_at": clock.now(),
    }


def _hashes_received(voucher: Voucher) -> dict[str, str | None]:
    return {"sha256": voucher.received_sha256, "sha512": voucher.received_sha512}


def _matches(download: Download, reported: dict[str, str | None]) -> bool:
    return all(
        value in (None, getattr(download, f"sent_{algorithm}")) for algorithm, value in reported.items()
    )


def _reported_hashes(**given: str | None) -> dict[str, str | None]:
    """The hashes in lower case; raises FieldInvalid for an invalid hash, or if there is none."""
    if not any(given.values()):
        raise FieldInvalid(
            "sha256", Label("report a SHA-256 or a SHA-512", "SHA-256 または SHA-512 を報告してください")
        )
    reported = {algorithm: value.lower() if value else None for algorithm, value in given.items()}
    for algorithm, value in reported.items():
        digits = HASH_DIGITS[algorithm]
        if value is not None and not re.fullmatch(rf"[0-9a-f]{{{digits}}}", value):
            raise FieldInvalid(
                algorithm, Label(f"use {digits} hexadecimal digits", f"16進数{digits}桁で指定してください")
            )
    return reported


def _latest_sent(inspection: Inspection, covered: EntitledDistribution) -> Download | None:
    """The newest download of this round at whose end the file had been sent as a whole."""
    sent = Download.objects.filter(inspection=inspection, distribution=covered, sent_sha256__isnull=False)
    return sent.order_by("-id").first()


def _same_report(download: Download, reported: dict[str, str | None], *, matched: bool) -> Voucher | None:
    """The existing voucher for this report: any match of the file in this round, or the same mismatch."""
    if matched:
        vouchers = Voucher.objects.filter(
            inspection_id=download.inspection_id, distribution_id=download.distribution_id, matched=True
        )
    else:
        vouchers = Voucher.objects.filter(
            download=download, received_sha256=reported["sha256"], received_sha512=reported["sha512"]
        )
    return vouchers.first()


def _conclude_receipt(actor: Actor, delivery: Delivery, voucher: Voucher) -> None:
    """Record a compared receipt as evidence, and begin the inspection if it was the last to match."""
    download = voucher.download
    if download is None:
        raise LookupError(voucher.public_id)
    record(
        kind="delivery.received",
        subject=delivery.entitlement.public_id,
        actor=actor,
        payload={
            "voucher": voucher.public_id,
            "download": download.public_id,
            "distribution": voucher.distribution.distribution,
            "reported_by": voucher.reported_by,
            "reported_at": voucher.reported_at.isoformat(),
            "sent": {"sha256": voucher.sent_sha256, "sha512": voucher.sent_sha512},
            "received": _hashes_received(voucher),
            "matched": voucher.matched,
        },
    )
    if not voucher.matched:
        dispute_mismatch(actor, delivery, voucher)
    elif delivery.inspection.state == InspectionState.AWAITING and not _unmatched_files(delivery):
        begin_inspection(actor, delivery, command="match", received_at=clock.now())


def _unmatched_files(delivery: Delivery) -> list[str]:
    """Files of the latest round without a matching voucher: the listing's identifiers, sorted."""
    covered = EntitledDistribution.objects.filter(entitlement=delivery.entitlement)
    matching = Voucher.objects.filter(inspection=delivery.inspection, matched=True)
    missing = covered.exclude(pk__in=matching.values("distribution_id"))
    return sorted(missing.values_list("distribution", flat=True))


def begin_inspection(actor: Actor, delivery: Delivery, *, command: str, received_at: datetime) -> None:
    """Begin the inspection period of what was received at ``received_at``: the hashes match, or receipt is deemed.

    The manifest is that of the files that were sent as a whole: all of them, or at the end of access some.
    """
    entitlement = delivery.entitlement
    inspect_by = end_of_inspection(
        clock.business_date(received_at), entitlement.inspection_days, clock.market_zone()
    )
    advance(
        delivery.inspection,
        INSPECTION,
        command=command,
        role="buyer" if command == "match" else "system",
        matched_at=received_at,
        inspect_by=inspect_by,
    )
    sent = files_received(delivery.inspection)
    digest = manifest_digest(dict(sent.values_list("distribution", "sha256")))
    record(
        kind="delivery.matched",
        subject=entitlement.public_id,
        actor=actor,
        payload={
            "agreement": entitlement.agreement,
            "round": delivery.inspection.round,
            "sha256": digest,
            "inspect_by": inspect_by.isoformat(),
            "deemed": command == "deem",
        },
    )
    emit(
        DeliveryMatched(
            entitlement=entitlement.public_id,
            agreement=entitlement.agreement,
            trade=entitlement.trade,
            buyer=entitlement.buyer_identifier,
            seller=entitlement.seller_identifier,
            sha256=digest,
            inspect_by=inspect_by.isoformat(),
        )
    )


@transaction.atomic
def accept_delivery(*, actor: Actor, entitlement: str) -> Entitlement:
    """Accept a matched delivery, as the buyer, so that its hold can be captured. Emits ``delivery.accepted``.

    Raises NotTheBuyer, Missing, NotMatched (naming the files), UnderDispute, InspectionOver.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    delivery = lock_delivery(entitlement=entitlement, actor=actor)
    require_buyer(actor, delivery.entitlement)
    require_undecided(delivery)
    unmatched = _unmatched_files(delivery)
    if unmatched:
        raise NotMatched(distributions=unmatched, names=", ".join(unmatched))
    record_acceptance(actor=actor, delivery=delivery, command="accept", by=AcceptedBy.BUYER)
    return delivery.entitlement


def record_acceptance(*, actor: Actor, delivery: Delivery, command: str, by: AcceptedBy) -> None:
    """Set the inspection to accepted, record evidence and emit ``delivery.accepted``; the caller holds the lock."""
    entitlement = delivery.entitlement
    advance(
        delivery.inspection,
        INSPECTION,
        command=command,
        role="buyer" if by == AcceptedBy.BUYER else "system",
        accepted_at=clock.now(),
        accepted_by=by,
    )
    record(
        kind="delivery.accepted",
        subject=entitlement.public_id,
        actor=actor,
        payload={
            "agreement": entitlement.agreement,
            "trade": entitlement.trade,
            "round": delivery.inspection.round,
            "by": by.value,
        },
    )
    emit(
        DeliveryAccepted(
            entitlement=entitlement.public_id,
            agreement=entitlement.agreement,
            trade=entitlement.trade,
            buyer=entitlement.buyer_identifier,
            seller=entitlement.seller_identifier,
            by=by.value,
        )
    )
