"""Trades and their obligations."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from listings.states import PERIODIC, Charging
from marketplace.kernel.columns import DayField, DaysField, MinorField, MomentField, RateField
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.money import BASIS_POINTS
from marketplace.rules.tax_tables import Supply, SupplyClass, TaxPoint

from ..ground.columns import currency_stated, organisation_key
from ..ledger.models import Entry, Posting
from . import commissioned_guards
from .causes import HELD
from .guards import (
    captured_as_used,
    captured_beyond_returned,
    deferred_obligations_fit,
    fee_refunds_fit,
    funding_extended_as_halted,
    held_money_whole,
    money_on_hold,
    obligations_fit,
    supplied_when_accepted,
    taxed_as_published,
    trade_leaf,
    within_limits,
    within_plan,
)
from .neutral_guards import independent_traders
from .obligation_kinds import BASE_KINDS, BENEFICIARY_KINDS, KINDS_WITHOUT_OWN_TAX, OWED_TO_OPERATOR
from .signed_guards import adjusted_by_clause, trade_as_signed
from .states import TRADE, FeePayer, LegalBasis, ObligationKind, TradeState
from .stop_guards import begun_before_the_end
from .tax_constraints import TAX_CONSTRAINTS

ECONOMICS = (
    "public_id",
    "business_key",
    "agreement",
    "charge",
    "charging",
    "commissioned",
    "holiday_shift",
    "reference",
    "listing",
    "listing_version",
    "segment",
    "buyer_id",
    "seller_id",
    "buyer_key",
    "seller_key",
    "currency",
    "price_minor",
    "tax_minor",
    "tax_rate_bp",
    "tax_category",
    "fee_minor",
    "fee_class",
    "fee_tax_rate_bp",
    "fee_payer",
    "tariff",
    "rulebook",
    "fee_tiered",
    "penalty_cap_minor",
    "inspection_days",
    "concluded_at",
)


class Trade(models.Model):
    """The money side of one charge of an agreement: what the buyer pays the seller, and the market's fee.

    A price paid at once is one charge; instalments, periods of a subscription and metered periods are charges 1, 2, 3, …
    of their agreement. ``business_key`` is ``<the buyer's corporate number>:<the buyer's own reference>``, with
    ``#<charge>`` from the second charge on. It is the same in every database; hashes cover it and the parties' keys at
    the time (``buyer_key``, ``seller_key``). ``price_minor`` excludes tax; consumption tax is rounded down once for the
    whole trade, which is one document (Order for the Consumption Tax Act, article 70-10). ``fee_minor`` excludes tax,
    which is computed once per rate and participant over a cycle. ``tariff`` is the code of the fee in ``rulebook``; if it
    is ``fee_tiered``, the cycle rebates a part by the payer's volume.

    The hold is the price with tax at ``tax_rate_bp``. What is finally owed is ``captured_*``, known at acceptance: the
    same, or less if the use of a metered period or the rate at the tax point was less.
    ``supply_class`` says how consumption tax treats the supply (``taxation``), ``fee_class`` the market's service. The supply counts as
    made on ``supplied_on``, the day of ``tax_point``, which decides the rates that are captured; it is known from the start unless it is
    the acceptance. A trade without a class waits unsecured. ``penalty_cap_minor``: the most that a party owes in penalties for this
    charge; without one the captured amount with tax (``limits``). ``commissioned`` data is paid for whole, even while a dispute is open,
    by ``pay_by``, from ``received_at``; ``holiday_shift``: a last day that is a bank holiday may come up to two days later.

    ``fund_by`` is the end of the time to pay in, which does not run while trading is halted; ``agreed_fund_by`` is what it was
    before it moved, and ``halts_counted_until`` says until when halts were counted.

    ``cycle`` is the cycle that clears the trade, the same as of its price and fee; it is stored here too so that a cycle
    finds its trades in hashing order. ``leaf`` is the leaf hash of the trade's line (``trades.lines``), written by the
    database.

    Invariants: one trade per charge of an agreement; agreed terms never change; no more is captured than was on hold;
    states change by ``states.TRADE`` only and carry their moment. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="trd")
    business_key = models.CharField(max_length=500, unique=True, db_collation="C")
    agreement = models.CharField(max_length=31)
    charge = models.PositiveIntegerField(default=1, db_default=1)
    charging = models.CharField(
        max_length=12, choices=Charging.choices, default=Charging.ONE_OFF, db_default=Charging.ONE_OFF.value
    )
    commissioned = models.BooleanField(default=False, db_default=False)
    holiday_shift = models.BooleanField(default=False, db_default=False)
    reference = models.CharField(max_length=200)
    listing = models.CharField(max_length=31)
    listing_version = models.CharField(max_length=31)
    segment = models.CharField(max_length=60)
    buyer = organisation_key()
    seller = organisation_key()
    buyer_key = models.CharField(max_length=31)
    seller_key = models.CharField(max_length=31)
    currency = models.CharField(max_length=3)
    price_minor = MinorField()
    tax_minor = MinorField()
    tax_rate_bp = RateField()
    tax_category = models.CharField(max_length=20)
    supply = models.CharField(max_length=10, choices=Supply.choices, null=True)
    supply_class = models.CharField(max_length=20, choices=SupplyClass.choices, null=True)
    tax_point = models.CharField(max_length=20, choices=TaxPoint.choices, null=True)
    supplied_on = DayField(null=True)
    gross_minor = models.GeneratedField(
        expression=F("price_minor") + F("tax_minor"), output_field=models.BigIntegerField(), db_persist=True
    )
    captured_price_minor = MinorField(null=True)
    captured_tax_minor = MinorField(null=True)
    captured_fee_minor = MinorField(null=True)
    captured_withholding_minor = MinorField(null=True)
    captured_tax_rate_bp = RateField(null=True)
    captured_fee_tax_rate_bp = RateField(null=True)
    fee_supplied_on = DayField(null=True)
    fee_class = models.CharField(max_length=20, choices=SupplyClass.choices)
    fee_minor = MinorField()
    fee_tax_rate_bp = RateField()
    fee_payer = models.CharField(max_length=10, choices=FeePayer.choices)
    tariff = models.CharField(max_length=60)
    rulebook = models.CharField(max_length=31, null=True)
    fee_tiered = models.BooleanField(default=False, db_default=False)
    penalty_cap_minor = MinorField(null=True)
    inspection_days = DaysField()
    fund_by = MomentField()
    agreed_fund_by = MomentField(null=True)
    halts_counted_until = MomentField(null=True)
    concluded_at = MomentField()
    state = models.CharField(max_length=12, choices=TradeState.choices, default=TradeState.CONCLUDED)
    cycle = models.ForeignKey(
        "clearing.Cycle", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    leaf = models.BinaryField(null=True, editable=False)
    secured_at = MomentField(null=True)
    received_at = MomentField(null=True)
    pay_by = DayField(null=True)
    accepted_at = MomentField(null=True)
    ended_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "charge"], name="trade_charge_once"),
            models.CheckConstraint(
                condition=Q(charge__gte=1, charging__in=Charging.values), name="trade_charging"
            ),
            models.CheckConstraint(
                condition=Q(
                    state="accepted",
                    captured_price_minor__isnull=False,
                    captured_tax_minor__isnull=False,
                    captured_fee_minor__isnull=False,
                    captured_price_minor__gte=0,
                    captured_price_minor__lte=F("price_minor"),
                    captured_tax_minor=F("captured_price_minor") * F("captured_tax_rate_bp") / BASIS_POINTS,
                    captured_withholding_minor__isnull=False,
                    captured_withholding_minor__gte=0,
                    captured_withholding_minor__lte=F("captured_price_minor"),
                    captured_tax_rate_bp__isnull=False,
                    captured_tax_rate_bp__lte=F("tax_rate_bp"),
                    captured_fee_minor__gte=0,
                    captured_fee_tax_rate_bp__isnull=False,
                    supplied_on__isnull=False,
                    fee_supplied_on__isnull=False,
                )
                | ~Q(state="accepted")
                & Q(
                    captured_price_minor=None,
                    captured_tax_minor=None,
                    captured_fee_minor=None,
                    captured_withholding_minor=None,
                    captured_tax_rate_bp=None,
                    captured_fee_tax_rate_bp=None,
                    fee_supplied_on=None,
                ),
                name="trade_captured",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", cycle__isnull=False) | ~Q(state="accepted") & Q(cycle=None),
                name="trade_cycle",
            ),
            models.CheckConstraint(
                condition=Q(pay_by=None) | Q(commissioned=True) & Q(received_at__isnull=False),
                name="trade_pay_by",
            ),
            commissioned_guards.paid_whole(),
            models.CheckConstraint(
                condition=Q(price_minor__gte=0, tax_minor__gte=0, fee_minor__gte=0)
                & (Q(penalty_cap_minor=None) | Q(penalty_cap_minor__gte=0)),
                name="trade_amounts",
            ),
            models.CheckConstraint(
                condition=Q(tax_minor=F("price_minor") * F("tax_rate_bp") / BASIS_POINTS),
                name="trade_tax_rounded_once",
            ),
            models.CheckConstraint(condition=~Q(buyer=F("seller")), name="trade_two_parties"),
            models.CheckConstraint(condition=Q(fee_payer__in=FeePayer.values), name="trade_fee_payer"),
            models.CheckConstraint(
                condition=Q(fee_tiered=False) | Q(rulebook__isnull=False), name="trade_tiers_of_rulebook"
            ),
            models.CheckConstraint(
                condition=Q(
                    business_key__regex=r"^[^[:cntrl:]|]+$",
                    buyer_key__regex=r"^[0-9A-Za-z_]+$",
                    seller_key__regex=r"^[0-9A-Za-z_]+$",
                ),
                name="trade_key",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="concluded", secured_at=None, accepted_at=None, ended_at=None)
                    | Q(state__in=("secured", "disputed"), secured_at__isnull=False)
                    & Q(accepted_at=None, ended_at=None)
                    | Q(state="accepted", secured_at__isnull=False, accepted_at__isnull=False, ended_at=None)
                    | Q(state="refunded", secured_at__isnull=False, accepted_at=None, ended_at__isnull=False)
                    | Q(state="failed", secured_at=None, accepted_at=None, ended_at__isnull=False)
                ),
                name="trade_moments",
            ),
            *TAX_CONSTRAINTS,
            currency_stated("trade_currency"),
        ]
        indexes = [
            models.Index("buyer", "concluded_at", "id", name="trade_waiting", condition=Q(state="concluded")),
            models.Index("fund_by", name="trade_due", condition=Q(state="concluded")),
            models.Index("seller", name="trade_undelivered", condition=Q(state__in=("secured", "disputed"))),
            models.Index("pay_by", name="trade_to_pay", condition=Q(pay_by__isnull=False)),
            models.Index("cycle", "seller", name="trade_commissioned", condition=Q(commissioned=True)),
            # Where no fee of a cycle has tiers, looking for its rebates reads an empty range.
            models.Index("cycle", "id", name="trade_tiered", condition=Q(fee_tiered=True)),
            models.Index(
                "cycle",
                "leaf",
                include=["captured_price_minor", "captured_tax_minor", "captured_fee_minor"],
                name="trade_by_line",
                condition=Q(cycle__isnull=False),
            ),
            models.Index(
                "id",
                name="trade_of_period",
                condition=Q(state="secured", charging__in=PERIODIC),
            ),
        ]
        triggers = [
            state_guard(TRADE),
            immutable(*ECONOMICS),
            set_once(
                "secured_at",
                "received_at",
                "pay_by",
                "accepted_at",
                "ended_at",
                "captured_price_minor",
                "captured_tax_minor",
                "captured_fee_minor",
                "captured_withholding_minor",
                "captured_tax_rate_bp",
                "captured_fee_tax_rate_bp",
                "supply",
                "supply_class",
                "tax_point",
                "supplied_on",
                "fee_supplied_on",
                "cycle_id",
                "agreed_fund_by",
            ),
            funding_extended_as_halted(),
            independent_traders(),
            trade_leaf(),
            no_delete(),
            within_plan(),
            begun_before_the_end(),
            trade_as_signed(),
            commissioned_guards.paid_in_time_by_law(),
            commissioned_guards.kept_for_received_work(),
            captured_as_used(),
            captured_beyond_returned(),
            money_on_hold(),
            taxed_as_published(),
            supplied_when_accepted(),
        ]

    @property
    def rate_bp(self) -> int:
        """The rate of tax of the price: that of the tax point, or of the hold until it is accepted."""
        return self.tax_rate_bp if self.captured_tax_rate_bp is None else self.captured_tax_rate_bp

    @property
    def fee_rate_bp(self) -> int:
        """The rate of tax of the fee: that of its tax point, or of the conclusion until the trade is accepted."""
        return (
            self.fee_tax_rate_bp if self.captured_fee_tax_rate_bp is None else self.captured_fee_tax_rate_bp
        )


class Obligation(models.Model):
    """What one party owes another by a trade, in the cycle that clears it.

    ``amount_minor`` excludes ``tax_minor``. The tax of fees is computed once per rate and participant over the cycle and
    is not stored here. ``source`` names the cause of a correction, so that it is made once; ``reverses`` the obligation
    that this one reverses; ``deferred_from`` the obligation of an earlier cycle whose deferral this is.
    ``beneficiary_key`` is the key in hashes of the creditor of a share, who is not a party to the trade.

    In law it begins as a gross claim between the parties (``made_at``); when its cycle is netted the operator takes it
    over by ``legal_basis`` and the debtor is released, which is final (``Cycle.netted_at``); settlement discharges it.
    ``states.ObligationStage`` is derived from these moments.

    Invariants: a trade's purchase and fee are made together, once, as captured, after its acceptance, so no trade is in
    two cycles. What is given back, charged or shared of a trade stays within its limits (``limits``). Obligations enter only cycles that are open or closing. Append-only.
    """

    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=ObligationKind.choices)
    debtor = organisation_key(db_index=False)
    creditor = organisation_key(db_index=False)
    amount_minor = MinorField()
    tax_minor = MinorField()
    tax_rate_bp = RateField()
    currency = models.CharField(max_length=3)
    cycle = models.ForeignKey("clearing.Cycle", on_delete=models.PROTECT, related_name="+", db_index=False)
    legal_basis = models.CharField(max_length=30, choices=LegalBasis.choices)
    beneficiary_key = models.CharField(max_length=31, null=True)
    source = models.CharField(max_length=100, null=True, unique=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")
    deferred_from = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")
    made_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["trade", "kind"],
                condition=Q(kind__in=BASE_KINDS, deferred_from=None),
                name="obligation_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, tax_minor__gte=0)
                | Q(kind__in=BASE_KINDS, amount_minor=0, tax_minor=0),
                name="obligation_amount",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=KINDS_WITHOUT_OWN_TAX) | Q(tax_minor=0),
                name="obligation_fee_tax_later",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=BASE_KINDS)
                | Q(source__isnull=False)
                | Q(reverses__isnull=False)
                | Q(deferred_from__isnull=False),
                name="obligation_has_cause",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=BENEFICIARY_KINDS,
                    beneficiary_key__isnull=False,
                    beneficiary_key__regex=r"^[0-9A-Za-z_]+$",
                )
                | ~Q(kind__in=BENEFICIARY_KINDS) & Q(beneficiary_key=None),
                name="obligation_beneficiary",
            ),
            models.CheckConstraint(condition=~Q(debtor=F("creditor")), name="obligation_two_parties"),
            models.CheckConstraint(condition=Q(kind__in=ObligationKind.values), name="obligation_kind"),
            currency_stated("obligation_currency"),
        ]
        indexes = [
            models.Index("cycle", "kind", "trade", include=["deferred_from"], name="obligation_by_cycle"),
            models.Index(
                "cycle", "debtor", "kind", "tax_rate_bp",
                include=["amount_minor", "tax_minor", "deferred_from"], name="obligation_by_debtor",
            ),
            models.Index(
                "cycle", "creditor", "kind", "tax_rate_bp",
                include=["amount_minor", "tax_minor"], name="obligation_by_creditor",
                condition=~Q(kind__in=OWED_TO_OPERATOR),
            ),
            models.Index("creditor", "trade", name="obligation_refunded_fee", condition=Q(kind="fee_refund")),
            models.Index(
                "cycle", "trade", name="obligation_further",
                condition=~Q(kind__in=BASE_KINDS) | Q(deferred_from__isnull=False),
            ),
        ]  # fmt: skip
        triggers = [
            append_only(),
            dated_now("made_at"),
            obligations_fit(),
            fee_refunds_fit(),
            deferred_obligations_fit(),
            within_limits(),
            adjusted_by_clause(),
            commissioned_guards.reduced_for_fault(),
        ]


# Postings on held money name their trade, so this guard of postings reads trades and is registered here.
pgtrigger.register(held_money_whole())(Posting)
pgtrigger.register(HELD.guard("caused_by_trade"))(Entry)
