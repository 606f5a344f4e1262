"""Downloads, what they sent together, and vouchers."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import ByteMultirangeField, MomentField
from marketplace.kernel.guards import immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from .. import guards, use_guards
from ..states import DOWNLOAD, AbortReason, DownloadState
from .entitlements import EntitledDistribution, Entitlement, Inspection


class DownloadWatch(models.Model):
    """When silent downloads were last looked for, and when that began again after a pause (both real time). One row.

    In such a pause the database may have been away, and then no process could record the progress of what it sends.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    looked_at = MomentField()
    resumed_at = MomentField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="download_watch_one")]


class Download(models.Model):
    """One transmission of one file or of a part of it: ``length_bytes`` from ``first_byte`` on.

    ``sent_bytes`` counts what the receiver's host has acknowledged, while it is sent too; ``progressed_at`` is when the
    sending process last said that it is at work (real time). The hashes are those of the whole file. A download has
    them if, at its end, all bytes of the file had been sent in the round, by it or together with others. ``purpose`` and ``region`` are
    what the buyer stated, or "". ``use_number``: which use of the file it belongs to, from 1, where the rights count them.
    Invariants: it begins only while access is open, within the file, for a use that the signed rights permit; what was sent only grows, and not after the end;
    it has hashes only if what was sent is the file that was sold, as a whole; recorded values never change.
    """

    public_id = IdentifierField(prefix="dld")
    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="+")
    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="+")
    distribution = models.ForeignKey(EntitledDistribution, on_delete=models.PROTECT, related_name="+")
    requested_by = models.CharField(max_length=60)
    purpose = models.CharField(max_length=20, blank=True, default="", db_default="")
    region = models.CharField(max_length=2, blank=True, default="", db_default="")
    use_number = models.PositiveBigIntegerField(null=True)
    first_byte = models.PositiveBigIntegerField(default=0)
    length_bytes = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=DownloadState.choices, default=DownloadState.SENDING)
    started_at = MomentField()
    recorded_at = MomentField(db_default=Now())
    progressed_at = MomentField(db_default=Now())
    ended_at = MomentField(null=True)
    sent_bytes = models.PositiveBigIntegerField(default=0)
    sent_sha256 = models.CharField(max_length=64, null=True)
    sent_sha512 = models.CharField(max_length=128, null=True)
    abort_reason = models.CharField(max_length=12, choices=AbortReason.choices, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=DownloadState.SENDING, ended_at__isnull=True, abort_reason__isnull=True)
                & Q(sent_sha256__isnull=True)
                | Q(state=DownloadState.SENT, ended_at__isnull=False, abort_reason__isnull=True)
                & Q(sent_bytes=F("length_bytes"))
                | Q(state=DownloadState.ABORTED, ended_at__isnull=False, abort_reason__isnull=False),
                name="download_ended_when",
            ),
            models.CheckConstraint(
                condition=Q(sent_bytes__lte=F("length_bytes")), name="download_sent_within_length"
            ),
            models.CheckConstraint(
                condition=Q(sent_sha256__isnull=True, sent_sha512__isnull=True)
                | Q(sent_sha256__isnull=False, sent_sha512__isnull=False),
                name="download_both_hashes",
            ),
        ]
        indexes = [
            models.Index(fields=["entitlement", "distribution", "-id"], name="download_latest"),
            # Not on what changes with the progress, so that an update touches no index.
            models.Index("id", name="download_running", condition=Q(state=DownloadState.SENDING)),
        ]
        triggers = [
            state_guard(DOWNLOAD),
            no_delete(),
            immutable(
                "public_id", "entitlement_id", "inspection_id", "distribution_id", "requested_by", "purpose", "region",
                "use_number", "first_byte", "length_bytes", "started_at", "recorded_at",
            ),
            set_once("ended_at", "sent_sha256", "sent_sha512", "abort_reason"),
            guards.access_open(),
            use_guards.used_as_signed(),
            guards.sent_grows(),
            guards.sent_as_sold(),
            guards.sent_parts_kept(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class SentParts(models.Model):
    """What ended downloads of a file have sent in a round, merged: so the next one need not read all that were before.

    The database adds to ``parts`` what each download has sent when it ends, unless the stored file was damaged.
    ``download`` is the one that was added last.
    Invariants: nothing is added but what that download sent; together they are what the round's downloads have sent.
    """

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="+", db_index=False)
    distribution = models.ForeignKey(
        EntitledDistribution, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    download = models.ForeignKey(Download, on_delete=models.PROTECT, related_name="+", db_index=False)
    parts = ByteMultirangeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "distribution"], name="sent_parts_once"),
        ]
        triggers = [
            no_delete(),
            immutable("inspection_id", "distribution_id"),
            guards.parts_were_sent(),
        ]


class Voucher(models.Model):
    """A voucher of delivery: the hash of the file sent and the hash that the buyer reports of the file received.

    Both hashes must match (CADDE vouchers of delivery, SHA-512; SHA-256 is accepted too). A report that does not match
    is a voucher too. A report that arrives before the end of the sending is recorded waits: ``matched``, the download
    and the hashes sent are null until the file was sent as a whole, and are then set together. Invariants: ``matched``
    says whether the hashes match; the sent hashes are those of a download that completed the file; a file is matched
    once and has one waiting report per round; what was reported never changes; rows are never deleted.
    """

    public_id = IdentifierField(prefix="vou")
    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="+")
    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="+")
    distribution = models.ForeignKey(EntitledDistribution, on_delete=models.PROTECT, related_name="vouchers")
    download = models.ForeignKey(Download, on_delete=models.PROTECT, related_name="+", null=True)
    sent_sha256 = models.CharField(max_length=64, null=True)
    sent_sha512 = models.CharField(max_length=128, null=True)
    received_sha256 = models.CharField(max_length=64, null=True)
    received_sha512 = models.CharField(max_length=128, null=True)
    matched = models.BooleanField(null=True)
    reported_by = models.CharField(max_length=60)
    reported_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(received_sha256__isnull=False) | Q(received_sha512__isnull=False),
                name="voucher_reports_a_hash",
            ),
            models.CheckConstraint(
                condition=Q(
                    matched__isnull=True,
                    download__isnull=True,
                    sent_sha256__isnull=True,
                    sent_sha512__isnull=True,
                )
                | Q(
                    matched__isnull=False,
                    download__isnull=False,
                    sent_sha256__isnull=False,
                    sent_sha512__isnull=False,
                ),
                name="voucher_compared_as_a_whole",
            ),
            models.CheckConstraint(
                condition=Q(matched__isnull=True)
                | Q(matched=True)
                & (Q(received_sha256__isnull=True) | Q(received_sha256=F("sent_sha256")))
                & (Q(received_sha512__isnull=True) | Q(received_sha512=F("sent_sha512")))
                | Q(matched=False)
                & (
                    Q(received_sha256__isnull=False) & ~Q(received_sha256=F("sent_sha256"))
                    | Q(received_sha512__isnull=False) & ~Q(received_sha512=F("sent_sha512"))
                ),
                name="voucher_matched_when_equal",
            ),
            models.UniqueConstraint(
                fields=["inspection", "distribution"], condition=Q(matched=True), name="voucher_matched_once"
            ),
            models.UniqueConstraint(
                fields=["inspection", "distribution"],
                condition=Q(matched__isnull=True),
                name="voucher_waits_once",
            ),
        ]
        triggers = [
            no_delete(),
            immutable(
                "public_id", "entitlement_id", "inspection_id", "distribution_id", "received_sha256",
                "received_sha512", "reported_by", "reported_at",
            ),
            set_once("download_id", "sent_sha256", "sent_sha512", "matched"),
            guards.voucher_of_sent(),
            guards.mismatch_is_disputed(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
