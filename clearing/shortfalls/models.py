"""Deferrals, shortfalls, set-offs against planned payments, and decisions on funds."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.approvals.models import Approval
from marketplace.kernel.columns import MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from ..cycles.models import Cycle
from ..ground.columns import currency_stated, organisation_key
from ..ledger.models import Entry
from ..settlement.models import SettlementInstruction
from ..trades.models import Obligation
from .causes import DECIDED, SET_ASIDE
from .guards import (
    cancelled_is_set_off,
    decided_by_two,
    decision_is_posted,
    deferrals_fit,
    failed_set_off_fits,
    set_off_fits,
    set_off_is_drawn,
)
from .states import APPROVED_COMMANDS, FundsDecisionKind

REASON_LENGTH_MAX = 200


class Deferral(models.Model):
    """The part of an obligation that its cycle did not settle, and the obligation of a later cycle that it became.

    ``amount_minor`` excludes ``tax_minor``, a part of the tax computed in the cycle. A deferred fee becomes an obligation
    over both together, because its tax is computed once. Invariants: an obligation is deferred once, when its cycle is
    netted; ``next`` has exactly the deferred amount, kind and parties; nothing else continues. Append-only.
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+")
    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="+")
    next = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="+")
    amount_minor = MinorField()
    tax_minor = MinorField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0, tax_minor__gte=0), name="deferral_amount"),
        ]
        triggers = [append_only(), deferrals_fit()]


class Shortfall(models.Model):
    """A participant owed more in a cycle than the cycle and its own money brought.

    ``missing_minor`` is what its own money did not cover: the reserve lent ``lent_minor`` as a claim, and
    ``deferred_minor`` was deferred. ``awaited_minor`` is what others deferred that they owed to it: if it covers what is
    missing, others caused the shortfall. Invariant: one per cycle and participant. Append-only.
    """

    public_id = IdentifierField(prefix="sft")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = organisation_key()
    currency = models.CharField(max_length=3)
    missing_minor = MinorField()
    lent_minor = MinorField()
    deferred_minor = MinorField()
    awaited_minor = MinorField()
    occurred_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "organisation"], name="shortfall_once"),
            models.CheckConstraint(
                condition=Q(
                    missing_minor__gt=0,
                    missing_minor=F("lent_minor") + F("deferred_minor"),
                    lent_minor__gte=0,
                    deferred_minor__gte=0,
                    awaited_minor__gte=0,
                ),
                name="shortfall_amounts",
            ),
            currency_stated("shortfall_currency"),
        ]
        triggers = [append_only(), dated_now("occurred_at")]


class SetOff(models.Model):
    """The part of a planned payment that was set off against what its payee owes in ``cycle``, before any shortfall.

    The payment is cancelled as a whole; what remains of it is ``remainder``, a new payment. Invariants: the payment was
    never sent; a part that may not be set off (``set_offs``) remains; the parts of a participant in a cycle are what its
    cover entry draws. Append-only.
    """

    public_id = IdentifierField(prefix="sof")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = organisation_key()
    currency = models.CharField(max_length=3)
    instruction = models.OneToOneField(SettlementInstruction, on_delete=models.PROTECT, related_name="+")
    remainder = models.OneToOneField(
        SettlementInstruction, on_delete=models.PROTECT, null=True, related_name="+"
    )
    amount_minor = MinorField()
    set_off_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="set_off_amount"),
            currency_stated("set_off_currency"),
        ]
        indexes = [models.Index("cycle", "organisation", name="set_off_by_cycle")]
        triggers = [append_only(), dated_now("set_off_at"), set_off_fits(), set_off_is_drawn()]


class FundsDecision(models.Model):
    """A participant paid its security deposit, or the operator released one or wrote off a claim, or a part of it.

    ``approval`` is that of the second person, for an amount that needs one. Invariants: an approval serves one decision,
    of its command, participant and amount; the journal entry that it causes moves its amount. Append-only.
    """

    public_id = IdentifierField(prefix="fdc")
    organisation = organisation_key()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=20, choices=FundsDecisionKind.choices)
    amount_minor = MinorField()
    reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True, default="")
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    decided_by = models.CharField(max_length=60)
    decided_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0)
                & (
                    Q(kind="deposit_paid", reason="", approval=None)
                    | Q(kind__in=APPROVED_COMMANDS) & ~Q(reason="")
                ),
                name="funds_decision_of_what",
            ),
            currency_stated("funds_decision_currency"),
        ]
        triggers = [
            append_only(),
            dated_now("decided_at", real=["recorded_at"]),
            decided_by_two(),
            decision_is_posted(),
        ]


# A cancelled payment names no set-off: this guard of payments reads set-offs and is registered here.
pgtrigger.register(cancelled_is_set_off())(SettlementInstruction)
# These guards of journal entries read decisions, shortfalls and set-offs, so they are registered here.
pgtrigger.register(
    DECIDED.guard("caused_by_decision"), SET_ASIDE.guard("caused_by_shortfall"), failed_set_off_fits()
)(Entry)
