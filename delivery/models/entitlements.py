"""Entitlements, their files and inspections."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import DaysField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import append_only, immutable, no_delete, set_now, set_once, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person
from marketplace.participants.interest_guards import unrelated

from .. import guards, restitution_guards
from ..states import (
    ENTITLEMENT,
    INSPECTION,
    OPEN_INSPECTIONS,
    AcceptedBy,
    EndedReason,
    EntitlementState,
    InspectionState,
)

SHA256 = r"^[0-9a-f]{64}$"
SHA512 = r"^[0-9a-f]{128}$"


class Entitlement(models.Model):
    """The buyer's right of access to the data of one trade.

    Every service that decides on a delivery locks this row, so exactly one of acceptance, dispute, lapse and refund
    takes effect. The parties' public identifiers are those of the trade. ``payment_due_by``: the deadline for paying in
    a later charge of the agreement; if it is not secured by then, access is closed. ``expires_at`` is the end of the term, which
    moves by what a ``Restitution`` gives back, at most to ``expires_latest``, the last day that the parties signed, if they signed one.
    ``version``: the version of the agreement whose term it has.
    ``closes_at``: the end of the last day of an agreement that is ended before its term, as the ending says that stands.
    ``suspended_at``: since when access is suspended: by the operator, and then the term stands still, or by the dispute ``stopped_by`` that
    ended with a stop of the use, and then no time stands still. ``resumed_by``, ``resume_first_person``
    and ``resumed_at``: the two people of the operator, without an interest in either party, who ended the last suspension, and when.

    Invariants: one entitlement per trade, created only after the trade is secured (promise 3); its parties and subject
    never change; its term is that of the signed rights, which only restitutions and versions of the agreement move, and it ends neither while the operator suspends access nor during a dispute; access starts with at least one file, within its term; an ended one records when and why; a terminated one has no
    open inspection, but for what was received before its agreement ended; rows are never deleted.
    """

    public_id = IdentifierField(prefix="ent")
    agreement = models.CharField(max_length=IDENTIFIER_LENGTH)
    trade = models.CharField(max_length=IDENTIFIER_LENGTH)
    listing = models.CharField(max_length=IDENTIFIER_LENGTH)
    listing_version = models.CharField(max_length=IDENTIFIER_LENGTH)
    buyer = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    seller = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    buyer_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    seller_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    secured_event = models.CharField(max_length=IDENTIFIER_LENGTH)
    inspection_days = DaysField()
    salt = SaltField()
    state = models.CharField(
        max_length=10, choices=EntitlementState.choices, default=EntitlementState.REQUESTED
    )
    granted_at = MomentField()
    expires_at = MomentField(null=True)
    expires_latest = MomentField(null=True)
    version = models.PositiveSmallIntegerField(default=1, db_default=1)
    closes_at = MomentField(null=True)
    payment_due_by = MomentField(null=True)
    suspension_reason = models.TextField(blank=True, default="")
    suspended_at = MomentField(null=True)
    stopped_by = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="", db_default="")
    resumed_at = MomentField(null=True)
    resumed_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    resume_first_person = models.CharField(max_length=60, blank=True, default="", db_default="")
    ended_at = MomentField(null=True)
    ended_reason = models.CharField(max_length=20, choices=EndedReason.choices, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trade"], name="entitlement_one_a_trade"),
            models.UniqueConstraint(fields=["secured_event"], name="entitlement_one_an_event"),
            models.CheckConstraint(condition=~Q(buyer=F("seller")), name="entitlement_two_parties"),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True)
                | Q(expires_at__gt=F("granted_at"))
                | Q(state__in=(EntitlementState.REQUESTED, EntitlementState.TERMINATED)),
                name="entitlement_expires_after_grant",
            ),
            models.CheckConstraint(
                condition=Q(expires_latest__isnull=True)
                | Q(expires_at__isnull=False, expires_at__lte=F("expires_latest")),
                name="entitlement_within_signed_term",
            ),
            models.CheckConstraint(
                condition=Q(state=EntitlementState.SUSPENDED) ^ Q(suspension_reason=""),
                name="entitlement_suspension_reason",
            ),
            models.CheckConstraint(
                condition=Q(state=EntitlementState.SUSPENDED) ^ Q(suspended_at__isnull=True),
                name="entitlement_suspended_since",
            ),
            models.CheckConstraint(
                condition=Q(stopped_by="") | Q(state=EntitlementState.SUSPENDED), name="entitlement_stopped_when"
            ),
            models.CheckConstraint(
                condition=Q(resumed_at=None, resumed_by="", resume_first_person="")
                | Q(resumed_at__isnull=False)
                & ~Q(state=EntitlementState.SUSPENDED)
                & ~Q(resumed_by="")
                & ~Q(resume_first_person="")
                & ~Q(resumed_by=F("resume_first_person")),
                name="entitlement_resumed_by_two",
            ),
            models.CheckConstraint(
                condition=~Q(state=EntitlementState.COMPLETED)
                | Q(expires_at__isnull=False, ended_at__gte=F("expires_at")),
                name="entitlement_completed_after_term",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=EntitlementState.COMPLETED, ended_at__isnull=False, ended_reason=EndedReason.EXPIRED
                )
                | Q(
                    state=EntitlementState.TERMINATED,
                    ended_at__isnull=False,
                    ended_reason__isnull=False,
                    ended_reason__in=(EndedReason.REFUNDED, EndedReason.TERMINATED, EndedReason.NOT_COLLECTED),
                )
                | Q(
                    state__in=(
                        EntitlementState.REQUESTED, EntitlementState.STARTED, EntitlementState.SUSPENDED,
                    ),
                    ended_at__isnull=True,
                    ended_reason__isnull=True,
                ),
                name="entitlement_ended_when",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index("agreement", name="entitlement_agreement"),
            models.Index(
                "expires_at",
                name="entitlement_expiring",
                condition=Q(expires_at__isnull=False, ended_at__isnull=True),
            ),
            models.Index("granted_at", name="entitlement_in_force", condition=Q(ended_at__isnull=True)),
            models.Index("id", name="entitlement_suspended", condition=Q(state=EntitlementState.SUSPENDED)),
        ]
        triggers = [
            state_guard(ENTITLEMENT),
            no_delete(),
            immutable(
                "public_id", "agreement", "trade", "listing", "listing_version", "buyer_id", "seller_id",
                "buyer_identifier", "seller_identifier", "secured_event", "inspection_days", "granted_at",
                "salt",
            ),
            restitution_guards.term_stands_still(),
            restitution_guards.stopped_as_decided(),
            set_once("ended_at", "ended_reason"),
            guards.closes_as_ended(),
            guards.secured_first(),
            guards.term_as_signed(),
            guards.access_is_whole(),
            set_now("resumed_at"),
            acted_by_person(
                "resumed_by", Permission.DISPUTES_WRITE, first="resume_first_person", watched=("state",),
                when=f"OLD.state = 'suspended' AND NEW.state = 'started' AND NOT {restitution_guards.LAPSES} OR NEW.resumed_by <> '' AND NEW.resumed_by IS DISTINCT FROM OLD.resumed_by",
                name="resumed_by_staff",
            ),
            unrelated("resumed_by", "resume_first_person", of="SELECT unnest(ARRAY[NEW.buyer_id, NEW.seller_id])"),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class AwaitedPayment(models.Model):
    """A later charge of an agreement that must be secured by a deadline for access to continue.

    ``halts_counted_until``: until when halts of trading are counted into ``secure_by``. Invariants: one per trade; the deadline
    moves only to what clearing said; rows are never deleted.
    """

    trade = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True)
    agreement = models.CharField(max_length=IDENTIFIER_LENGTH)
    secure_by = MomentField()
    halts_counted_until = MomentField()
    secured_at = MomentField(null=True)

    class Meta:
        indexes = [
            models.Index("agreement", name="awaited_payment", condition=Q(secured_at__isnull=True)),
        ]
        triggers = [
            immutable("trade", "agreement"),
            set_once("secured_at"),
            guards.extended_as_told(),
            no_delete(),
        ]

    def __str__(self) -> str:
        """The trade to be secured."""
        return self.trade


class EntitledDistribution(models.Model):
    """One file of an entitlement, as of the grant of access.

    ``distribution`` is the listing's public identifier of the file, used for downloads. Invariants: a file occurs once;
    nothing is added after access has started; append-only.
    """

    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="distributions")
    distribution = models.CharField(max_length=IDENTIFIER_LENGTH)
    file_name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=100)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    sha512 = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entitlement", "distribution"], name="entitled_once"),
            models.CheckConstraint(
                condition=Q(sha256__regex=SHA256, sha512__regex=SHA512), name="entitled_hashes"
            ),
        ]
        triggers = [append_only(), guards.fixed_once_started()]

    def __str__(self) -> str:
        """The listing's identifier of the file."""
        return self.distribution


class Inspection(models.Model):
    """The inspection of one delivery round, up to its acceptance (検収). A redelivery begins another ``round``.

    ``inspect_by`` is the end of the inspection period, which runs neither while trading is halted nor while the operator suspends
    access; ``halts_counted_until``
    says until when halts were counted into it. ``dispute`` is the public identifier of the dispute. Invariants:
    at most one open and one accepted inspection per entitlement; the buyer or the end of the period accepts only what was
    received in full, the latter only after ``inspect_by``, a dismissal only a disputed inspection; recorded values never change.
    """

    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="inspections")
    round = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=InspectionState.choices, default=InspectionState.AWAITING)
    opened_at = MomentField()
    matched_at = MomentField(null=True)
    inspect_by = MomentField(null=True)
    halts_counted_until = MomentField(null=True)
    dispute = models.CharField(max_length=IDENTIFIER_LENGTH, null=True)
    disputed_at = MomentField(null=True)
    accepted_at = MomentField(null=True)
    accepted_by = models.CharField(max_length=10, choices=AcceptedBy.choices, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entitlement", "round"], name="inspection_round_once"),
            models.CheckConstraint(condition=Q(round__gte=1), name="inspection_round_from_one"),
            models.UniqueConstraint(
                fields=["entitlement"], condition=Q(state__in=OPEN_INSPECTIONS), name="inspection_one_open"
            ),
            models.UniqueConstraint(
                fields=["entitlement"], condition=Q(state=InspectionState.ACCEPTED), name="accepted_once"
            ),
            models.UniqueConstraint(fields=["dispute"], name="inspection_one_a_dispute"),
            models.CheckConstraint(
                condition=Q(matched_at__isnull=True, inspect_by__isnull=True)
                | Q(matched_at__isnull=False, inspect_by__gte=F("matched_at"), inspect_by__isnull=False),
                name="inspection_matched_when",
            ),
            models.CheckConstraint(
                condition=(~Q(state=InspectionState.AWAITING) | Q(matched_at__isnull=True))
                & (~Q(state=InspectionState.RUNNING) | Q(matched_at__isnull=False)),
                name="inspection_runs_once_matched",
            ),
            models.CheckConstraint(
                condition=Q(dispute__isnull=True, disputed_at__isnull=True)
                & ~Q(state__in=(InspectionState.DISPUTED, InspectionState.REPEATED))
                | Q(dispute__isnull=False, disputed_at__isnull=False)
                & ~Q(state__in=(InspectionState.AWAITING, InspectionState.RUNNING)),
                name="inspection_disputed_when",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=InspectionState.ACCEPTED, accepted_at__isnull=False, accepted_by__isnull=False
                )
                | ~Q(state=InspectionState.ACCEPTED) & Q(accepted_at__isnull=True, accepted_by__isnull=True),
                name="inspection_accepted_when",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True)
                | Q(accepted_by=AcceptedBy.BUYER, matched_at__isnull=False, dispute__isnull=True)
                | Q(
                    accepted_by=AcceptedBy.LAPSE,
                    matched_at__isnull=False,
                    dispute__isnull=True,
                    accepted_at__gte=F("inspect_by"),
                )
                | Q(accepted_by=AcceptedBy.DISMISSAL, dispute__isnull=False),
                name="accepted_after_match",
            ),
        ]
        indexes = [
            models.Index("inspect_by", name="inspection_lapsing", condition=Q(state=InspectionState.RUNNING)),
        ]
        triggers = [
            state_guard(INSPECTION),
            no_delete(),
            immutable("entitlement_id", "round", "opened_at"),
            set_once("matched_at", "dispute", "disputed_at", "accepted_at", "accepted_by"),
            guards.inspection_follows(),
            guards.matched_in_full(),
            guards.received_in_part_at_the_end(),
            guards.inspection_extended_as_halted(),
            restitution_guards.inspection_stands_still(),
        ]

    def __str__(self) -> str:
        """The entitlement and the round."""
        return f"{self.entitlement_id}/{self.round}"
