"""Endings: an agreement is ended before its term, with consequences that both sides read first."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from listings.ending import RefundRule
from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, DayField, MinorField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from ..law.guards import ended_after_grace
from . import guards as ending_guards
from .states import ENDING, OPEN_ENDINGS, EndingGround, EndingParty, EndingState

ACTOR_LENGTH_MAX = 60
REASON_LENGTH_MAX = 2_000
SHA256 = r"^[0-9a-f]{64}$"


class Ending(models.Model):
    """The end of an agreement after ``last_day``, before its term: proposed to the other party, or scheduled by notice or by law.

    ``consequences`` (``consequences.consequences_of``) were shown to whoever gave the command, who repeated their ``digest``;
    ``refund_minor``, of them, comes back without tax. ``party``: who ends it; ``first_person``: of an order of law, who gave it first.
    ``law_adjustment``: the term that law made unlawful and that was not amended in time; then the market ends it by itself.
    ``access_until``: the end of the last day in Japan. ``closed_at``: when it was carried out, or came to nothing.

    Invariants: at most one proposed and one scheduled an agreement, only while that is in force; what is scheduled is dropped only for one
    with an earlier last day, for an order of law, or with the agreement; its last day is today or later and before the term ends; a
    notice is one that the signed terms allow, in time and with their refund; the other party accepts, in time; an order of law is of
    two people without an interest in a party, or follows an unlawful term after its days of grace; it is carried out after its last day, never while a dispute is open, and its agreement ends with it.
    """

    public_id = IdentifierField(prefix="end")
    salt = SaltField()
    agreement = models.ForeignKey("contracts.Agreement", on_delete=models.PROTECT, related_name="endings")
    ground = models.CharField(max_length=20, choices=EndingGround.choices)
    party = models.CharField(max_length=10, choices=EndingParty.choices)
    refund = models.CharField(max_length=10, choices=RefundRule.choices)
    last_day = DayField()
    access_until = MomentField()
    refund_minor = MinorField()
    consequences = BoundedJSONField()
    digest = models.CharField(max_length=64)
    reason = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=EndingState.choices)
    proposed_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    first_person = models.CharField(max_length=ACTOR_LENGTH_MAX, blank=True, default="")
    law_adjustment = models.ForeignKey(
        "contracts.LawAdjustment", on_delete=models.PROTECT, related_name="endings", null=True
    )
    proposed_at = MomentField()
    respond_by = MomentField(null=True)
    answered_by = models.CharField(max_length=ACTOR_LENGTH_MAX, blank=True, default="")
    answered_at = MomentField(null=True)
    closed_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state=EndingState.PROPOSED), name="ending_one_proposed"
            ),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=(EndingState.SCHEDULED, EndingState.DONE)),
                name="ending_one_scheduled",
            ),
            models.CheckConstraint(
                condition=Q(
                    ground__in=EndingGround.values,
                    party__in=EndingParty.values,
                    refund__in=RefundRule.values,
                    refund_minor__gte=0,
                    digest__regex=SHA256,
                )
                & (Q(proposed_by__regex=PERSON_PATTERN) | Q(law_adjustment__isnull=False))
                & (Q(refund=RefundRule.PRO_RATA) | Q(refund_minor=0)),
                name="ending_stated",
            ),
            models.CheckConstraint(
                condition=Q(ground=EndingGround.LAW, party=EndingParty.OPERATOR)
                & ~Q(reason="")
                & (
                    Q(first_person__regex=PERSON_PATTERN, law_adjustment=None) & ~Q(first_person=F("proposed_by"))
                    | Q(first_person="", law_adjustment__isnull=False)
                )
                | Q(law_adjustment=None) & ~Q(ground=EndingGround.LAW) & ~Q(party=EndingParty.OPERATOR) & Q(first_person=""),
                name="ending_by_law_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_ENDINGS) ^ Q(closed_at__isnull=False),
                name="ending_closed_when",
            ),
            models.CheckConstraint(
                condition=Q(ground=EndingGround.MUTUAL) ^ Q(respond_by__isnull=True),
                name="ending_answered_by",
            ),
            models.CheckConstraint(
                condition=Q(answered_by="", answered_at=None)
                | Q(answered_by__regex=PERSON_PATTERN, answered_at__isnull=False),
                name="ending_answered",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index("access_until", name="ending_due", condition=Q(state=EndingState.SCHEDULED)),
            models.Index("respond_by", name="ending_lapsing", condition=Q(state=EndingState.PROPOSED)),
        ]
        triggers = [
            state_guard(ENDING),
            no_delete(),
            immutable(
                "public_id", "salt", "agreement_id", "ground", "party", "refund", "last_day", "access_until", "refund_minor",
                "consequences", "digest", "reason", "proposed_by", "first_person", "law_adjustment_id", "proposed_at", "respond_by",
            ),
            set_once("answered_at", "closed_at"),
            set_now("answered_at", "closed_at"),
            dated_now("proposed_at", stated=["access_until", "respond_by"], past=["answered_at", "closed_at"]),
            ending_guards.ends_lawfully(),
            ending_guards.ending_moves_in_time(),
            ending_guards.ended_whole(),
            ending_guards.dropped_for_another(),
            ending_guards.ended_by_unrelated(),
            ended_after_grace(),
            acted_by_person(
                "proposed_by",
                Permission.DISPUTES_WRITE,
                first="first_person",
                when="NEW.ground = 'law' AND NEW.law_adjustment_id IS NULL",
                name="ordered_by_two",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
