"""The double-entry ledger: accounts, journal entries, postings, balances, closed months and funds regimes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from marketplace.kernel.bounds import IDLE_DAYS_MAX
from marketplace.kernel.columns import DayField, DaysField, MinorField, MomentField, TransactionIdField
from marketplace.kernel.guards import append_only, dated_now, no_delete
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from ..ground.columns import currency_stated, organisation_key
from .chart import PARTICIPANT_KINDS
from .guards import (
    balances_open,
    claims_within_reserve,
    entries_balance,
    entry_booked_now,
    entry_complete,
    months_in_order,
    moved_by_postings,
    period_balanced,
    period_open,
)
from .states import AccountKind, EntryKind, FundsRegimeKind, LineKind


class Account(models.Model):
    """An account of the ledger. ``side`` is the normal side of its kind: 1 debit, -1 credit.

    Invariants: a participant has one account of each of its kinds per currency, and the market one of each of its own;
    every account has a Balance from its creation. Append-only.
    """

    public_id = IdentifierField(prefix="acc")
    code = models.CharField(max_length=80, unique=True)
    organisation = organisation_key(null=True)
    kind = models.CharField(max_length=20, choices=AccountKind.choices)
    currency = models.CharField(max_length=3)
    side = models.SmallIntegerField()
    opened_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "currency"], name="account_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PARTICIPANT_KINDS, organisation__isnull=False)
                | (~Q(kind__in=PARTICIPANT_KINDS) & Q(organisation__isnull=True)),
                name="account_owner",
            ),
            models.CheckConstraint(condition=Q(side__in=(1, -1)), name="account_side"),
            currency_stated("account_currency"),
        ]
        indexes = [
            # Which of the accounts of a statement hold money, asked for every statement that posts.
            models.Index("id", name="account_held", condition=Q(kind="held")),
        ]
        triggers = [append_only(), dated_now("opened_at"), balances_open()]


class Entry(models.Model):
    """A journal entry: one event of money. ``reference`` is its idempotency key: the same event is posted once.

    ``cause`` is the public identifier of the row that caused it, the second part of the reference: ``hold:trd_…``. The kind
    says in which table it stands (``causes``).
    ``value_date`` is the day on which the bank booked what caused the entry, null for an entry that no bank entry caused.
    ``business_date`` is the accounting day, of a bank's entry the day of its import, ``booked_at`` business time, ``recorded_at`` real time; ``xact`` is the
    transaction that made the entry, and only that transaction may add postings. Invariants: an entry and its postings
    are inserted in one statement; the postings sum to zero per currency, and are what follows from the cause; it is booked
    now, on the day of ``business_date`` (a cycle's: when its posting began), whose month is not closed;
    the cycle and the organisation that it names exist. Statement triggers enforce the last, because a cycle writes
    thousands of entries, and neither cycles nor organisations are ever deleted. Append-only: a correction is a further
    entry.
    """

    public_id = IdentifierField(prefix="jrn")
    kind = models.CharField(max_length=20, choices=EntryKind.choices)
    reference = models.CharField(max_length=120)
    cause = models.GeneratedField(
        expression=models.Func(F("reference"), Value(":"), Value(2), function="split_part"),
        output_field=models.CharField(max_length=120),
        db_persist=True,
    )
    description = models.CharField(max_length=200, blank=True, default="")
    business_date = DayField()
    value_date = DayField(null=True)
    booked_at = MomentField()
    recorded_at = MomentField(db_default=Now())
    xact = TransactionIdField(db_default=models.Func(function="pg_current_xact_id"))
    cycle = models.ForeignKey(
        "clearing.Cycle",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    trade = models.ForeignKey(
        "clearing.Trade", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    organisation = organisation_key(null=True, db_constraint=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="entry_reference_once"),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="entry_kind"),
            models.CheckConstraint(
                condition=Q(value_date=None)
                | Q(value_date__lte=F("business_date"), reference__startswith="bank:"),
                name="entry_value_date",
            ),
        ]
        indexes = [
            models.Index("booked_at", "id", name="entry_by_time"),
            # Entries of cycles name no trade and entries of trades no cycle, so neither grows the other's index.
            models.Index("cycle", name="entry_of_cycle", condition=Q(cycle__isnull=False)),
            models.Index("trade", name="entry_of_trade", condition=Q(trade__isnull=False)),
        ]
        triggers = [append_only(), entry_complete(), entry_booked_now(), period_open()]


class Posting(models.Model):
    """One line of a journal entry: ``amount_minor`` on ``account``, debit positive, credit negative.

    Invariants: the postings of a statement sum to zero per entry and currency, are in the currency of their account,
    and belong to an entry of the same transaction. A posting on a ``held`` account names its trade and moves the whole
    gross of the trade on the account of its buyer; a trade has one hold and at most one end of it, of the whole
    amount, of which a part may be captured and the remainder returned unused. The table's statement triggers enforce
    the foreign keys instead of row constraints, because a cycle writes thousands of postings. Append-only.
    """

    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    leg = models.PositiveSmallIntegerField()
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    line = models.CharField(max_length=20, choices=LineKind.choices)
    trade = models.ForeignKey(
        "clearing.Trade",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "leg"], name="posting_leg_once"),
            models.UniqueConstraint(
                fields=["trade", "account", "line"],
                condition=Q(trade__isnull=False),
                name="posting_hold_once",
            ),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="posting_amount"),
        ]
        indexes = [models.Index("account", "id", include=["amount_minor"], name="posting_by_account")]
        triggers = [append_only(), entries_balance()]


class Balance(models.Model):
    """The balance of an account; the database moves it with every posting.

    ``side`` is the normal side of an account that may not be overdrawn (``chart.LIMITED_KINDS``), and 0 for others.
    Invariants: it equals the sum of the account's postings and never leaves that side, so check and
    reservation are one statement, and of two trades that compete for one balance one is refused. All claims of a
    currency together are within the reserve.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+", primary_key=True)
    side = models.SmallIntegerField()
    balance_minor = MinorField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(balance_minor=0)
                | Q(side=0)
                | Q(balance_minor__gt=0, side=1)
                | Q(balance_minor__lt=0, side=-1),
                name="balance_within_funds",
            ),
        ]
        triggers = [no_delete(), moved_by_postings(), claims_within_reserve()]


class FundsRegime(models.Model):
    """The operator's declaration of the right by which the market holds participants' money in a currency.

    The newest effective declaration is in force. ``balance_cap_minor``: most that a participant may keep with the
    market beyond what its trades need. ``idle_days``: calendar days after which money that no trade needs is paid
    back. Payments to participants abroad are off unless ``cross_border_basis`` names the licence or exemption. The
    operator answers the legal question which regime applies (``legal_reference``); the market records the answer and
    its date. Two people declare it: ``approval`` is the public identifier of what the first gave, ``declared_by`` the
    second. What weakens the protection of participants' money takes effect after the published notice
    (``settlement.held_by_two``). Append-only.
    """

    public_id = IdentifierField(prefix="fnr")
    currency = models.CharField(max_length=3)
    regime = models.CharField(max_length=20, choices=FundsRegimeKind.choices)
    legal_reference = models.CharField(max_length=500)
    registration_number = models.CharField(max_length=60, blank=True, default="")
    balance_cap_minor = MinorField()
    idle_days = DaysField()
    cross_border_allowed = models.BooleanField(default=False)
    cross_border_basis = models.CharField(max_length=500, blank=True, default="")
    effective_from = MomentField()
    approval = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True)
    declared_by = models.CharField(max_length=60)
    declared_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(regime__in=FundsRegimeKind.values) & ~Q(legal_reference=""), name="regime_stated"
            ),
            models.CheckConstraint(
                condition=~Q(regime="funds_transfer") | ~Q(registration_number=""), name="regime_registered"
            ),
            models.CheckConstraint(
                condition=Q(balance_cap_minor__gt=0, idle_days__gte=1, idle_days__lte=IDLE_DAYS_MAX),
                name="regime_limits",
            ),
            models.CheckConstraint(
                condition=Q(cross_border_allowed=False, cross_border_basis="")
                | Q(cross_border_allowed=True) & ~Q(cross_border_basis=""),
                name="regime_cross_border_basis",
            ),
            models.CheckConstraint(
                condition=Q(effective_from__gte=F("declared_at")), name="regime_not_backdated"
            ),
            currency_stated("regime_currency"),
        ]
        indexes = [models.Index("currency", "effective_from", "id", name="regime_in_force")]
        triggers = [append_only(), dated_now("declared_at", real=["recorded_at"], stated=["effective_from"])]


class LedgerPeriod(models.Model):
    """A closed month: no entry is posted on one of its days again.

    ``month`` is its first day. ``trial_balances`` maps currency → rows of the trial balance as of its last day, recorded
    at closing; ``sha256`` is their hash over canonical JSON (RFC 8785), for comparison with an accountant's copy.

    Invariants: months close in order, each once, and only after they are over; the journal takes no entry on a day of
    a closed month (trigger on entries). Append-only.
    """

    public_id = IdentifierField(prefix="per")
    month = DayField(unique=True)
    entries = models.BigIntegerField()
    trial_balances = models.JSONField()
    sha256 = models.CharField(max_length=64)
    approval = models.CharField(max_length=IDENTIFIER_LENGTH)
    closed_by = models.CharField(max_length=60)
    closed_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="ledger_period_month"),
        ]
        triggers = [
            append_only(),
            dated_now("closed_at", real=["recorded_at"]),
            months_in_order(),
            period_balanced(),
        ]
