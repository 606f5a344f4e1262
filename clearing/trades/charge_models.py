"""Charge plans of agreements, beneficiaries' shares, progress of charging, and recorded use."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from listings.states import Charging
from marketplace.kernel.bounds import CHARGES_MAX
from marketplace.kernel.columns import (
    CountField,
    DayField,
    DaysField,
    MinorField,
    MomentField,
    MonthsField,
    RateField,
)
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH

from ..ground.columns import currency_stated, organisation_key
from .guards import plan_has_charges, plan_is_whole, shares_within_whole, usage_within_ceiling
from .signed_guards import (
    amended_as_signed,
    plan_as_signed,
    plan_shared_as_signed,
    shares_as_signed,
    used_as_signed,
)
from .states import UsageRefusal
from .stop_guards import stops_before_charges


class ChargePlan(models.Model):
    """The charge plan of an agreement as signed; a plain price paid at once has none.

    ``price_minor`` excludes tax: the whole price of instalments, the price of a period, the ceiling of a metered period.
    All charges take their other terms from the first trade of the agreement. ``pooled``: the captured price is divided by the signed
    shares of the listing's pool on the day of its tax point.

    Invariants: one plan per agreement; it is inserted with all its charges, which agree with it. Append-only.
    """

    agreement = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True)
    charging = models.CharField(max_length=12, choices=Charging.choices)
    charges = CountField()
    period_months = MonthsField()
    price_minor = MinorField()
    currency = models.CharField(max_length=3)
    funding_days = DaysField()
    pooled = models.BooleanField(default=False, db_default=False)
    concluded_at = MomentField()

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
        triggers = [
            append_only(),
            dated_now(past=["concluded_at"]),
            plan_has_charges(),
            plan_as_signed(),
            plan_shared_as_signed(),
        ]


class PlannedCharge(models.Model):
    """One charge of a plan: due on a day, for the days from ``period_from`` to the day before ``period_until``.

    Instalments have no period. ``version``: the version of the agreement that states it; of several the latest holds (``amended.LATEST``).
    Invariants: the charges of a plan are 1, 2, 3, … and are inserted together, so are those that a ``ChargeAmendment`` changes; instalments
    sum to the price, each period costs the price. Append-only.
    """

    plan = models.ForeignKey(ChargePlan, on_delete=models.PROTECT, related_name="planned")
    charge = models.PositiveIntegerField()
    version = models.PositiveSmallIntegerField(default=1, db_default=1)
    price_minor = MinorField()
    due_on = DayField()
    period_from = DayField(null=True)
    period_until = DayField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "charge", "version"], name="planned_charge_once"),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="planned_charge_price"),
            models.CheckConstraint(
                condition=Q(period_from=None, period_until=None)
                | Q(period_from__isnull=False, period_until__gt=F("period_from")),
                name="planned_charge_period",
            ),
        ]
        triggers = [append_only(), plan_is_whole()]


class ChargeAmendment(models.Model):
    """What a later version of an agreement makes of its coming charges: from ``from_charge`` on, ``charges`` in all, at ``price_minor`` each
    where a price a period is charged, paid in within ``funding_days``.

    Invariants: it is what both parties signed; no charge that it changes is a trade yet. Append-only.
    """

    plan = models.ForeignKey(ChargePlan, on_delete=models.PROTECT, related_name="amendments")
    version = models.PositiveSmallIntegerField()
    from_charge = models.PositiveIntegerField()
    charges = CountField()
    price_minor = MinorField()
    funding_days = DaysField()
    amended_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "version"], name="charge_amendment_once"),
            models.CheckConstraint(
                condition=Q(version__gte=2, from_charge__gte=2, charges__gte=1, charges__lte=CHARGES_MAX, price_minor__gte=0),
                name="charge_amendment_stated",
            ),
        ]  # fmt: skip
        triggers = [append_only(), dated_now("amended_at"), amended_as_signed()]


class PlannedShare(models.Model):
    """The share of an agreement's proceeds that goes to a beneficiary, who is not a party.

    ``beneficiary_key`` is the beneficiary's key in hashes. Invariants: one share per beneficiary; the shares sum to the
    whole at most; of a signed agreement they are those of its plan. Append-only.
    """

    plan = models.ForeignKey(ChargePlan, on_delete=models.PROTECT, related_name="shares")
    organisation = organisation_key()
    beneficiary_key = models.CharField(max_length=31)
    share_bp = RateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "organisation"], name="planned_share_once"),
            models.CheckConstraint(condition=Q(share_bp__gte=1), name="planned_share_is_one"),
        ]
        triggers = [append_only(), shares_within_whole(), shares_as_signed()]


class ChargeProgress(models.Model):
    """Progress of the charging of a plan, and the agreement's state as far as charging depends on it.

    ``next_charge`` becomes a trade on ``next_due_on``; null when all charges are trades. ``delivered_at``: the delivery
    was accepted. ``dispute``: the open dispute. ``stops_after``: the last day of access that ends early; no period that is due later is
    charged, nor an instalment after the seller's notice. ``ended_at``: no further charge follows. A service that decides about an agreement's charges locks this row first, then its
    trades in key order.

    Invariants: charges become trades in order, none that is due after ``stops_after``; recorded values stay; rows are never deleted.
    """

    plan = models.OneToOneField(ChargePlan, on_delete=models.PROTECT, related_name="progress")
    next_charge = models.PositiveIntegerField()
    next_due_on = DayField(null=True)
    delivered_at = MomentField(null=True)
    dispute = models.CharField(max_length=IDENTIFIER_LENGTH, null=True)
    stops_after = DayField(null=True)
    ended_at = MomentField(null=True)
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
        triggers = [
            immutable("plan_id"),
            set_once("delivered_at", "ended_at", "end_reason"),
            no_delete(),
            stops_before_charges(),
        ]


class UsageRecord(models.Model):
    """One use of metered data, recorded once by ``usage``; ``charged_minor`` of its ``amount_minor`` is charged.

    ``amount_minor`` is the price by the signed plan of ``quantity`` uses, without the ``trial_quantity`` of them that are a trial, after
    those of the period that were recorded before; of an agreement without a signed plan what the event stated.

    Use above the ceiling of its period, use recorded after the period was captured, and use outside all periods is
    recorded and not charged; ``refusal`` says which. Amounts exclude tax. ``planned`` is the period of the use.

    Invariants: a use is recorded once; it is priced as signed; the charged use of a period is within its ceiling and never changes after
    capture. Append-only.
    """

    usage = models.CharField(max_length=100, unique=True)
    agreement = models.CharField(max_length=IDENTIFIER_LENGTH)
    planned = models.ForeignKey(PlannedCharge, on_delete=models.PROTECT, related_name="usage", null=True)
    quantity = CountField()
    trial_quantity = CountField(default=0, db_default=0)
    amount_minor = MinorField()
    charged_minor = MinorField()
    currency = models.CharField(max_length=3)
    refusal = models.CharField(max_length=20, choices=UsageRefusal.choices, null=True)
    used_at = MomentField()
    recorded_at = MomentField()

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
            models.CheckConstraint(
                condition=Q(trial_quantity__gte=0, trial_quantity__lte=F("quantity")),
                name="usage_trial",
            ),
            currency_stated("usage_currency"),
        ]
        indexes = [models.Index("agreement", "used_at", name="usage_by_agreement")]
        triggers = [
            append_only(),
            dated_now("recorded_at", past=["used_at"]),
            usage_within_ceiling(),
            used_as_signed(),
        ]
