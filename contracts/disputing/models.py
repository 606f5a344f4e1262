"""Disputes with their mediators, settlements and remedies; and adjustments of prices."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from marketplace.cases.models import Case
from marketplace.kernel.actors import PERSON_PATTERN, SYSTEM
from marketplace.kernel.columns import BoundedJSONField, MinorField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import (
    dated_now,
    immutable,
    no_delete,
    set_now,
    set_once,
    state_guard,
)
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person
from marketplace.participants.interest_guards import unrelated

from ..ending import guards as ending_guards
from ..states import DISPUTE, DisputeOutcome, DisputeParty, DisputeReason, DisputeState, Party
from . import guards as dispute_guards
from .states import (
    MAY_RETURN,
    SETTLEMENT,
    Impossible,
    Relief,
    RemedyKind,
    SettlementState,
)

ACTOR_LENGTH_MAX = 60
SHA256 = r"^[0-9a-f]{64}$"


class Dispute(models.Model):
    """An objection of a party of an agreement, or of a third party whose stake in the listing is declared, until it ends.

    ``claims``: what is asked, ``{"claim", "amount_minor"}`` each (``rules.CLAIMS``). ``accepted_at``: when the delivery was accepted
    before the buyer disputed it; null before acceptance. ``answer_by``: until when the other side answers; ``unanswered_at``: when its
    silence was recorded. ``decide_by``: until when its mediator decides. ``amount_minor``, without tax, is what was decided or agreed.
    ``expels``: the party whose expulsion the decision proposes, in a case that two others decide.
    ``resolved_first``: who of the operator gave the decision first, where it took two.

    Invariants: one open dispute an agreement and who opens it, over an agreement that was not terminated, for a reason of that side; after
    acceptance within the days of the plan; one that ended has an outcome, a reason, a time and a person; it is decided by its mediator,
    who has no interest in anybody of it, after the answer or its time unless it is dismissed; it is settled by a settlement that was
    accepted, and withdrawn by who opened it; what its outcome orders is a remedy; its days are those of ``rules``, counted from its
    opening; what was recorded never changes; rows are never deleted.
    """

    public_id = IdentifierField(prefix="dsp")
    salt = SaltField()
    agreement = models.ForeignKey("contracts.Agreement", on_delete=models.PROTECT, related_name="disputes")
    opened_as = models.CharField(max_length=11, choices=DisputeParty.choices, default=DisputeParty.BUYER)
    third_party = models.ForeignKey(
        "participants.Organisation", on_delete=models.PROTECT, related_name="+", null=True
    )
    stake = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="")
    reason_code = models.CharField(max_length=20, choices=DisputeReason.choices)
    text = models.TextField()
    claims = BoundedJSONField(default=list)
    opened_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    opened_at = MomentField()
    accepted_at = MomentField(null=True)
    answer_by = MomentField()
    decide_by = MomentField()
    unanswered_at = MomentField(null=True)
    reminded_at = MomentField(null=True)
    escalated_at = MomentField(null=True)
    state = models.CharField(max_length=10, choices=DisputeState.choices, default=DisputeState.OPEN)
    outcome = models.CharField(max_length=12, choices=DisputeOutcome.choices, null=True)
    amount_minor = MinorField(null=True)
    finding = models.TextField(null=True)
    resolved_by = models.CharField(max_length=ACTOR_LENGTH_MAX, null=True)
    resolved_first = models.CharField(max_length=ACTOR_LENGTH_MAX, blank=True, default="")
    resolved_at = MomentField(null=True)
    expels = models.CharField(max_length=6, choices=Party.choices, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "opened_as", "third_party"], condition=Q(state=DisputeState.OPEN),
                nulls_distinct=False, name="dispute_one_open",
            ),
            models.CheckConstraint(
                condition=Q(reason_code__in=DisputeReason.values) & ~Q(text=""), name="dispute_reason"
            ),
            models.CheckConstraint(
                condition=Q(opened_as=DisputeParty.THIRD_PARTY, third_party__isnull=False) & ~Q(stake="")
                | Q(opened_as__in=(DisputeParty.BUYER, DisputeParty.SELLER), third_party=None, stake=""),
                name="dispute_opened_as",
            ),
            models.CheckConstraint(
                condition=(~Q(state=DisputeState.OPEN) & Q(outcome__isnull=False, finding__isnull=False,
                             resolved_by__isnull=False, resolved_at__isnull=False,
                             outcome__in=DisputeOutcome.values) & ~Q(finding=""))
                | Q(state=DisputeState.OPEN, outcome__isnull=True, amount_minor=None, finding__isnull=True,
                    resolved_by__isnull=True, resolved_at__isnull=True),
                name="dispute_resolved_how",
            ),
            models.CheckConstraint(condition=Q(amount_minor=None) | Q(amount_minor__gt=0), name="dispute_amount"),
            models.CheckConstraint(
                condition=Q(expels="") | Q(state=DisputeState.RESOLVED, expels__in=Party.values), name="dispute_expels"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["agreement"], name="dispute_of_agreement"),
            models.Index("decide_by", name="dispute_undecided", condition=Q(state=DisputeState.OPEN)),
        ]
        triggers = [
            state_guard(DISPUTE),
            no_delete(),
            immutable("public_id", "agreement_id", "opened_as", "third_party_id", "stake", "reason_code", "text", "claims", "salt",
                      "opened_by", "opened_at", "accepted_at", "answer_by", "decide_by"),
            set_once("outcome", "amount_minor", "finding", "resolved_by", "resolved_at", "unanswered_at", "reminded_at",
                     "escalated_at"),
            set_now("unanswered_at", "reminded_at", "escalated_at", "resolved_at"),
            dated_now("opened_at", stated=["answer_by", "decide_by"],
                      past=["accepted_at", "unanswered_at", "reminded_at", "escalated_at", "resolved_at"]),
            dispute_guards.disputed_lawfully(),
            dispute_guards.ended_lawfully(),
            dispute_guards.resolved_by_unrelated(),
            dispute_guards.expelled_in_case(),
            dispute_guards.remedied_whole(),
            ending_guards.redelivered_in_time(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class Mediator(models.Model):
    """A person of the operator's staff who decides a dispute, until a side objects or it is relieved.

    ``relief``: why it was relieved, ``relieved_by`` itself, a colleague or the market, with its reason in words where a person gave one.

    Invariants: one at a time; it may decide disputes and has no interest in the buyer, the seller or the third party, and decided no
    earlier dispute over the agreement; each side objects once, with its reason; who was objected to, stepped back or has an interest
    does not return; the market relieves who may not decide any more, and nobody else.
    """

    public_id = IdentifierField(prefix="mdr")
    salt = SaltField()
    dispute = models.ForeignKey("contracts.Dispute", on_delete=models.PROTECT, related_name="mediators")
    person = models.CharField(max_length=ACTOR_LENGTH_MAX)
    assigned_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    assigned_at = MomentField()
    objected_by = models.CharField(max_length=11, choices=DisputeParty.choices, null=True)
    objector = models.CharField(max_length=ACTOR_LENGTH_MAX, null=True)
    objection = models.TextField(null=True)
    objected_at = MomentField(null=True)
    relief = models.CharField(max_length=15, choices=Relief.choices, null=True)
    relieved_by = models.CharField(max_length=ACTOR_LENGTH_MAX, null=True)
    relief_reason = models.TextField(null=True)
    relieved_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dispute"], condition=Q(objected_at=None, relieved_at=None), name="mediator_one"
            ),
            models.UniqueConstraint(fields=["dispute", "objected_by"], name="mediator_objected_once"),
            models.UniqueConstraint(
                fields=["dispute", "person"],
                condition=Q(relief=None) | ~Q(relief__in=MAY_RETURN),
                name="mediator_once",
            ),
            models.CheckConstraint(
                condition=Q(relieved_at=None, relief=None, relieved_by=None, relief_reason=None)
                | Q(relieved_at__isnull=False, objected_at=None, relief__in=Relief.values,
                    relieved_by__isnull=False, relief_reason__isnull=False) & ~Q(relief_reason=""),
                name="mediator_relieved_how",
            ),
            models.CheckConstraint(
                condition=Q(objected_at=None, objected_by=None, objector=None, objection=None)
                | Q(objected_at__isnull=False, objected_by__in=DisputeParty.values, objector__isnull=False,
                    objection__isnull=False) & ~Q(objection=""),
                name="mediator_objected_how",
            ),
        ]  # fmt: skip
        triggers = [
            no_delete(),
            immutable("public_id", "salt", "dispute_id", "person", "assigned_by", "assigned_at"),
            set_once("objected_by", "objector", "objection", "objected_at", "relief", "relieved_by", "relief_reason", "relieved_at"),
            set_now("objected_at", "relieved_at"),
            dated_now("assigned_at", past=["objected_at", "relieved_at"]),
            acted_by_person("person", Permission.DISPUTES_WRITE, proved=False),
            acted_by_person("assigned_by", Permission.DISPUTES_WRITE, name="assigned_by_person"),
            acted_by_person(
                "relieved_by", Permission.DISPUTES_WRITE, when=f"NEW.relieved_by <> '{SYSTEM.identifier}' AND OLD.relieved_by IS NULL",
                name="relieved_by_person",
            ),
            dispute_guards.mediates_lawfully(),
            dispute_guards.relieved_lawfully(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The person."""
        return self.person


class Settlement(models.Model):
    """A way to end a dispute that one side proposes to the other, with consequences that both read.

    ``consequences`` (``consequences.consequences_of``) have the ``digest`` that the other side repeats. ``amount_minor`` is without tax.
    ``damages_minor`` is a sum outside the market, only recorded.

    Invariants: one open settlement a dispute, while that is open; accepted by the other side's signatory, in time; what is accepted is the
    outcome of its dispute.
    """

    public_id = IdentifierField(prefix="dss")
    dispute = models.ForeignKey("contracts.Dispute", on_delete=models.PROTECT, related_name="settlements")
    party = models.CharField(max_length=11, choices=DisputeParty.choices)
    outcome = models.CharField(max_length=12, choices=DisputeOutcome.choices)
    amount_minor = MinorField(null=True)
    damages_minor = MinorField(null=True)
    consequences = BoundedJSONField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=SettlementState.choices, default=SettlementState.PROPOSED)
    proposed_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    proposed_at = MomentField()
    respond_by = MomentField()
    answered_by = models.CharField(max_length=ACTOR_LENGTH_MAX, blank=True, default="")
    closed_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dispute"], condition=Q(state=SettlementState.PROPOSED), name="settlement_one_open"
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=DisputeOutcome.values,
                    party__in=DisputeParty.values,
                    digest__regex=SHA256,
                    proposed_by__regex=PERSON_PATTERN,
                )
                & (Q(amount_minor=None) | Q(amount_minor__gt=0))
                & (Q(damages_minor=None) | Q(damages_minor__gt=0)),
                name="settlement_stated",
            ),
            models.CheckConstraint(
                condition=Q(state=SettlementState.PROPOSED) ^ Q(closed_at__isnull=False),
                name="settlement_closed_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=SettlementState.ACCEPTED) | Q(answered_by__regex=PERSON_PATTERN),
                name="settlement_answered_by",
            ),
        ]
        triggers = [
            state_guard(SETTLEMENT),
            no_delete(),
            immutable("public_id", "dispute_id", "party", "outcome", "amount_minor", "damages_minor", "consequences", "digest",
                      "proposed_by", "proposed_at", "respond_by"),
            set_once("closed_at"),
            set_now("closed_at"),
            dated_now("proposed_at", stated=["respond_by"], past=["closed_at"]),
            dispute_guards.settles_lawfully(),
            dispute_guards.settled_whole(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class Remedy(models.Model):
    """Something that is carried out because a dispute was decided or settled.

    ``reference``: the adjustment of a price. ``done_at``: when whoever carries it out said so. ``escalated_at``: when people were asked,
    because it was not done by ``due_by``, or cannot be. ``impossible_at``: when it ended otherwise, with the reason (``because``, and
    ``reason`` in words) and what replaces it, by the market or by two people (``ended_by``, ``ended_first``).

    Invariants: of a dispute that ended so; each kind once; past its day it has ended or a person has a task; the market ends what has
    nothing left to return, and two people without an interest in a side what they were asked for.
    """

    dispute = models.ForeignKey("contracts.Dispute", on_delete=models.PROTECT, related_name="remedies")
    kind = models.CharField(max_length=15, choices=RemedyKind.choices)
    reference = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="")
    due_by = MomentField()
    ordered_at = MomentField()
    done_at = MomentField(null=True)
    escalated_at = MomentField(null=True)
    impossible_at = MomentField(null=True)
    because = models.CharField(max_length=10, choices=Impossible.choices, null=True)
    reason = models.TextField(null=True)
    replaced_by = models.TextField(null=True)
    ended_by = models.CharField(max_length=ACTOR_LENGTH_MAX, null=True)
    ended_first = models.CharField(max_length=ACTOR_LENGTH_MAX, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute", "kind"], name="remedy_once"),
            models.CheckConstraint(
                condition=Q(
                    impossible_at=None,
                    because=None,
                    reason=None,
                    replaced_by=None,
                    ended_by=None,
                    ended_first=None,
                )
                | Q(
                    impossible_at__isnull=False,
                    done_at=None,
                    reason__isnull=False,
                    replaced_by__isnull=False,
                    ended_by__isnull=False,
                    ended_first__isnull=False,
                )
                & ~Q(reason="")
                & ~Q(replaced_by="")
                & (
                    Q(because=Impossible.CAME_BACK, ended_by=SYSTEM.identifier, ended_first="")
                    | Q(
                        because=Impossible.BY_PEOPLE,
                        ended_by__regex=PERSON_PATTERN,
                        ended_first__regex=PERSON_PATTERN,
                        escalated_at__isnull=False,
                    )
                    & ~Q(ended_by=F("ended_first"))
                ),
                name="remedy_impossible_how",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RemedyKind.values, due_by__gt=F("ordered_at")), name="remedy_stated"
            ),
        ]
        indexes = [models.Index("due_by", name="remedy_due", condition=Q(done_at=None, impossible_at=None))]
        triggers = [
            no_delete(),
            immutable("dispute_id", "kind", "reference", "due_by", "ordered_at"),
            set_once("done_at", "escalated_at", "impossible_at", "because", "reason", "replaced_by", "ended_by", "ended_first"),
            set_now("done_at", "escalated_at", "impossible_at"),
            dated_now("ordered_at", stated=["due_by"], past=["done_at", "escalated_at", "impossible_at"]),
            dispute_guards.remedy_of_outcome(),
            dispute_guards.impossible_lawfully(),
            acted_by_person(
                "ended_by", Permission.DISPUTES_WRITE, first="ended_first",
                when="NEW.because = 'by_people' AND OLD.because IS NULL",
            ),
            unrelated("ended_by", "ended_first", of=dispute_guards.SIDES_OF_REMEDY),
        ]  # fmt: skip

    def __str__(self) -> str:
        """Its kind."""
        return self.kind


pgtrigger.register(dispute_guards.expelled_by_others())(Case)
