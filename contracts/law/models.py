"""Terms of agreements in force that a rulebook made unlawful, and which rulebooks were examined for that."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.columns import BoundedJSONField, CountField, MomentField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    immutable,
    no_delete,
    set_now,
    set_once,
    state_guard,
)
from marketplace.kernel.identifiers import IdentifierField

from . import guards
from .states import LAW_ADJUSTMENT, LawAdjustmentState


class LawAdjustment(models.Model):
    """A term of an agreement in force that a ``rulebook`` in force made unlawful by its entry ``code``: both parties amend it until
    ``amend_by``, or the agreement then ends by law.

    ``found``: the ``entry`` as the rulebook states it, the ``value`` of the term, and whether an amendment can change it
    (``can_be_amended``). ``jws``: the market's signature of all of it.

    Invariants: one open an agreement and code; of an agreement in force whose terms of ``amend_by`` break the entry, with the days of grace of
    the rulebook; it ends when the terms of that day meet the entry, no rulebook in force states it any more, or with the agreement.
    """

    public_id = IdentifierField(prefix="lad")
    agreement = models.ForeignKey(
        "contracts.Agreement", on_delete=models.PROTECT, related_name="law_adjustments"
    )
    rulebook = models.ForeignKey("rules.Rulebook", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    term = models.CharField(max_length=60)
    found = BoundedJSONField()
    jws = models.TextField()
    state = models.CharField(
        max_length=10, choices=LawAdjustmentState.choices, default=LawAdjustmentState.OPEN
    )
    opened_at = MomentField()
    amend_by = MomentField()
    closed_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "code"],
                condition=Q(state=LawAdjustmentState.OPEN),
                name="law_adjustment_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state=LawAdjustmentState.OPEN) ^ Q(closed_at__isnull=False),
                name="law_adjustment_closed_when",
            ),
            models.CheckConstraint(condition=~Q(jws=""), name="law_adjustment_signed"),
        ]
        indexes = [
            models.Index("amend_by", name="law_adjustment_due", condition=Q(state=LawAdjustmentState.OPEN))
        ]
        triggers = [
            state_guard(LAW_ADJUSTMENT),
            no_delete(),
            immutable(
                "public_id", "agreement_id", "rulebook_id", "code", "term", "found", "jws", "opened_at", "amend_by"
            ),
            set_once("closed_at"),
            set_now("closed_at"),
            dated_now("opened_at", stated=["amend_by"], past=["closed_at"]),
            guards.unlawful_by_rulebook(),
            guards.settled_as_law_says(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class LawExamination(models.Model):
    """That every agreement in force was examined under a rulebook in force, which makes terms unlawful: ``found`` records were opened.

    Invariants: one a rulebook, which is in force and makes terms unlawful, or an earlier one did; append-only.
    """

    public_id = IdentifierField(prefix="lex")
    rulebook = models.OneToOneField("rules.Rulebook", on_delete=models.PROTECT, related_name="+")
    found = CountField()
    finished_at = MomentField()

    class Meta:
        triggers = [append_only(), dated_now("finished_at"), guards.examined_as_found()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
