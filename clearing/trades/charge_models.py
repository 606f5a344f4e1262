"""By which charges agreements are paid for, who shares in them, how far charging has come, and what was used."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.guards import append_only, immutable, no_delete, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH

from ..ground.columns import currency_stated, organisation_key
from .charging import CHARGES_MAX
from .guards import plan_has_charges, plan_is_whole, shares_within_whole, usage_within_ceiling
from .states import Charging, UsageRefusal


class ChargePlan(models.Model):
    """How an agreement is charged, as it was signed: kept for all but a plain price that is paid at once.

    ``price_minor`` excludes tax: the whole price of instalments, the price of a period, the ceiling of a metered
    one. Every charge takes its other terms from the first trade of the agreement.

    Invariants: one plan an agreement; it comes with all its charges, which are as it says. Append-only.
    """

    agreement = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True)
    charging = models.CharField(max_length=12, choices=Charging.choices)
    charges = models.PositiveIntegerField()
    period_months = models.PositiveIntegerField()
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    funding_days = models.PositiveIntegerField()
    concluded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(charges__gte=1, charges__lte=CHARGES_MAX, charging__in=Charging.values)
                & (~Q(charging="one_off") | Q(charges=1)),
                name="charge_plan_charges",
            ),
            models.CheckConstraint(
                condition=Q(price_minor__gte=0, period_months__gte=1), name="charge_plan_price"
            ),
            currency_stated("charge_plan_currency"),
        ]
        triggers = [append_only(), plan_has_charges()]


class PlannedCharge(models.Model):
    """One charge of a plan: due on a day, for the days from ``period_from`` to the day before ``period_until``.

    Instalments pay for no period. Invariants: the charges of a plan are 1, 2, 3, … and come together; instalments
    sum to the price, periods cost it. Append-only.
    """

    plan = models.ForeignKey(ChargePlan, on_delete=models.PROTECT, related_name="planned")
    charge = models.PositiveIntegerField()
    price_minor = models.BigIntegerField()
    due_on = models.DateField()
    period_from = models.DateField(null=True)
    period_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "charge"], name="planned_charge_once"),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="planned_charge_price"),
            models.CheckConstraint(
                condition=Q(period_from=None, period_until=None)
                | Q(period_from__isnull=False, period_until__gt=F("period_from")),
                name="planned_charge_period",
            ),
        ]
        triggers = [append_only(), plan_is_whole()]


class PlannedShare(models.Model):
    """The share of an agreement's proceeds that goes to a beneficiary, who is not party to it.

    ``beneficiary_key`` is how hashes name the beneficiary. Invariants: one share a beneficiary; together they come
    to no more than the whole. Append-only.
    """

    plan = models.ForeignKey(ChargePlan, on_delete=models.PROTECT, related_name="shares")
    organisation = organisation_key()
    beneficiary_key = models.CharField(max_length=31)
    share_bp = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "organisation"], name="planned_share_once"),
            models.CheckConstraint(condition=Q(share_bp__gte=1), name="planned_share_is_one"),
        ]
        triggers = [append_only(), shares_within_whole()]


class ChargeProgress(models.Model):
    """How far the charging of a plan has come, and what clearing must remember of the agreement for it.

    ``next_charge`` becomes a trade on ``next_due_on``; null when all have. ``delivered_at``: the delivery was
    accepted. ``dispute``: the complaint that is open. ``ended_at``: no further charge follows. Whoever decides
    about an agreement's charges locks this row first, then its trades in the order of their keys.

    Invariants: charges are begun one after the other; what was recorded stays; rows are never removed.
    """

    plan = models.OneToOneField(ChargePlan, on_delete=models.PROTECT, related_name="progress")
    next_charge = models.PositiveIntegerField()
    next_due_on = models.DateField(null=True)
    delivered_at = models.DateTimeField(null=True)
    dispute = models.CharField(max_length=IDENTIFIER_LENGTH, null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=60, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, end_reason=None)
                | Q(ended_at__isnull=False, end_reason__isnull=False),
                name="charge_progress_ended",
            ),
        ]
        indexes = [
            models.Index(
                "next_due_on",
                name="charge_progress_due",
                condition=Q(next_due_on__isnull=False, ended_at=None, dispute=None),
            ),
        ]
        triggers = [immutable("plan_id"), set_once("delivered_at", "ended_at", "end_reason"), no_delete()]


class UsageRecord(models.Model):
    """One use of metered data, once for ever by ``usage``; ``charged_minor`` of its ``amount_minor`` is charged.

    What is beyond the ceiling of its period, or came after the period was captured, or falls in none, is recorded
    and not charged; ``refusal`` says which. Amounts exclude tax. ``planned`` is the period that it falls in.

    Invariants: a use is recorded once; a period's charged use is within its ceiling, and stays as it was captured.
    Append-only.
    """

    usage = models.CharField(max_length=100, unique=True)
    agreement = models.CharField(max_length=IDENTIFIER_LENGTH)
    planned = models.ForeignKey(PlannedCharge, on_delete=models.PROTECT, related_name="usage", null=True)
    quantity = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    charged_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    refusal = models.CharField(max_length=20, choices=UsageRefusal.choices, null=True)
    used_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=0, amount_minor__gte=0, charged_minor__gte=0)
                & Q(charged_minor__lte=F("amount_minor")),
                name="usage_amounts",
            ),
            models.CheckConstraint(
                condition=Q(refusal=None, charged_minor=F("amount_minor"), planned__isnull=False)
                | Q(refusal="beyond_ceiling", charged_minor__lt=F("amount_minor"), planned__isnull=False)
                | Q(refusal__in=("period_closed", "no_period", "other_currency"), charged_minor=0),
                name="usage_refused_why",
            ),
            currency_stated("usage_currency"),
        ]
        indexes = [models.Index("agreement", "used_at", name="usage_by_agreement")]
        triggers = [append_only(), usage_within_ceiling()]
