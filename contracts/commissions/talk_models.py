"""Talks about the price of commissioned work: asked by the seller, answered by the buyer with reasons, or flagged."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.columns import MinorField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from .guards import raised_as_agreed, talked_in_time
from .models import ACTOR_LENGTH_MAX
from .states import TALK, TalkAnswer, TalkFlag, TalkState


class PriceTalk(models.Model):
    """The seller of commissioned work asks to talk about the price, in a negotiation or while its agreement is in force.

    The buyer answers by ``answer_by``, the end of the 14th day. ``flag``: what the law forbids of the answer; it stays when the answer
    comes later. ``added_minor``: what the buyer agreed to pay in addition, without tax, while the agreement was in force, by ``adjustment``. Invariants: only while a law protects the seller; one open a negotiation; not answered only after its day, and then
    flagged; a refusal without reasons is flagged; what is agreed in force raises the price in the same transaction; what was asked and answered never changes; rows are never deleted.
    """

    public_id = IdentifierField(prefix="ptk")
    salt = SaltField()
    negotiation = models.ForeignKey(
        "contracts.Negotiation", on_delete=models.PROTECT, related_name="price_talks"
    )
    reason = models.TextField()
    asked_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    asked_at = MomentField()
    answer_by = MomentField()
    reminded_at = MomentField(null=True)
    state = models.CharField(max_length=10, choices=TalkState.choices, default=TalkState.OPEN)
    answer = models.CharField(max_length=8, choices=TalkAnswer.choices, null=True)
    answer_reason = models.TextField(blank=True, default="")
    answered_by = models.CharField(max_length=ACTOR_LENGTH_MAX, blank=True, default="")
    answered_at = MomentField(null=True)
    added_minor = MinorField(null=True)
    adjustment = models.OneToOneField(
        "contracts.Adjustment", on_delete=models.PROTECT, related_name="price_talk", null=True
    )
    flag = models.CharField(max_length=10, choices=TalkFlag.choices, null=True)
    flagged_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["negotiation"],
                condition=Q(state__in=(TalkState.OPEN, TalkState.UNANSWERED)),
                name="price_talk_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(reason="")
                & (
                    Q(state=TalkState.ANSWERED, answer__isnull=False, answered_at__isnull=False)
                    & Q(answer__in=TalkAnswer.values)
                    & ~Q(answered_by="")
                    | ~Q(state=TalkState.ANSWERED)
                    & Q(answer=None, answered_at=None, answered_by="", answer_reason="")
                ),
                name="price_talk_answered",
            ),
            models.CheckConstraint(
                condition=Q(added_minor=None, adjustment=None)
                | Q(added_minor__gte=1, adjustment__isnull=False)
                & Q(answer__isnull=False, answer__in=(TalkAnswer.AGREED, TalkAnswer.PARTLY)),
                name="price_talk_added",
            ),
            models.CheckConstraint(
                condition=(
                    Q(flag=None, flagged_at=None) | Q(flag__in=TalkFlag.values, flagged_at__isnull=False)
                )
                & (~Q(state=TalkState.UNANSWERED) | Q(flag=TalkFlag.SILENCE, flag__isnull=False))
                & (
                    Q(answer=None)
                    | ~Q(answer=TalkAnswer.REFUSED)
                    | ~Q(answer_reason="")
                    | Q(flag__isnull=False)
                ),
                name="price_talk_flagged",
            ),
        ]
        indexes = [models.Index("answer_by", name="price_talk_due", condition=Q(state=TalkState.OPEN))]
        triggers = [
            state_guard(TALK),
            no_delete(),
            immutable("public_id", "salt", "negotiation_id", "reason", "asked_by", "asked_at", "answer_by"),
            set_once(
                "reminded_at", "answered_at", "flag", "flagged_at", "answer", "added_minor", "adjustment_id"
            ),
            set_now("reminded_at", "answered_at", "flagged_at"),
            dated_now("asked_at", past=["reminded_at", "answered_at", "flagged_at"], stated=["answer_by"]),
            talked_in_time(),
            raised_as_agreed(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
