"""Cycles and their steps; the calendar: schedules and closed days."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from marketplace.approvals.models import Approval
from marketplace.kernel.bounds import OVERDUE_MINUTES_MAX, VALUE_DAYS_MAX
from marketplace.kernel.columns import (
    BoundedJSONField,
    DayField,
    DaysField,
    MinorField,
    MomentField,
    TransactionIdField,
)
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from ..ground.columns import CURRENCY_PATTERN, currency_stated
from ..ledger.models import Entry
from .calendar_by_two import CLOSED_DAY_APPROVED, SCHEDULE_APPROVED
from .guards import (
    calendar_by_two,
    cut_off_when_closed,
    entry_names_cycle,
    numbers_without_gap,
    part_goes_on,
    paused_cycle_keeps_its_state,
    released_by_another,
    step_is_whole,
    under_a_regime,
)
from .states import CYCLE, PAUSABLE_STATES, CycleState, StepPart

VALIDATED_COLUMNS = ("trades", "obligations", "input_hash", "trades_root")
NETTED_COLUMNS = (
    "gross_minor",
    "net_minor",
    "payments_before",
    "payments_after",
    "output_hash",
    "merkle_root",
)

_REACHED = {
    "closing": Q(state__in=[state for state in CycleState.values if state != "open"]),
    "validated": Q(state__in=[state for state in CycleState.values if state not in ("open", "closing")]),
    "netted": Q(state__in=["netted", "posted", "settling", "settled", "partial"]),
    "posted": Q(state__in=["posted", "settling", "settled", "partial"]),
}


def _recorded_from(state: str, columns: tuple[str, ...]) -> Q:
    """The columns are null before ``state`` is reached and set from then on."""
    full, empty = Q(), Q()
    for column in columns:
        full &= Q(**{f"{column}__isnull": False})
        empty &= Q(**{f"{column}__isnull": True})
    return (_REACHED[state] & full) | (~_REACHED[state] & empty)


class Cycle(models.Model):
    """The trades of a period that are cleared together, in one currency.

    ``barrier`` is the transaction that closed the cycle: trades accepted in transactions committed before it belong in.
    ``epoch`` counts the steps; a step that began at an older epoch does nothing. ``input_hash`` covers what is cleared,
    ``output_hash`` the net positions, both by business keys and amounts only; ``merkle_root``, set at netting and so
    before posting, commits to the trades (``trades_root``) and the positions. ``netted_at`` is the moment of finality:
    from then on the operator owes in every debtor's place and nothing undoes it. ``posted_at`` is when the ledger
    recorded it. ``cut_off_at`` is the scheduled cut-off, null if the operator closed the cycle. While ``paused_since``
    is set the cycle keeps its state; ``paused_by`` paused it for ``pause_reason``, ``paused_responsible`` answers for it. ``released_by``, another person, ended the
    last pause.

    ``payments_before``: payments that the obligations would take one by one. ``payments_after``: participants, and the
    operator, with a net position other than zero. ``gross_minor``: sum of all obligations with tax. ``net_minor``: sum
    of the positive net positions. Buyers pay in beforehand, because only secured trades are cleared, so the payments
    after a cycle are what participants sold less deductions.

    Invariants: numbers of a currency are 1, 2, 3, … without a gap; one cycle per currency is open; what a step recorded
    never changes; a cut-off closes one cycle that was open at its moment. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="cyc")
    currency = models.CharField(max_length=3)
    number = models.PositiveIntegerField()
    business_key = models.CharField(max_length=30, unique=True)
    state = models.CharField(max_length=12, choices=CycleState.choices, default=CycleState.OPEN)
    epoch = models.PositiveIntegerField(default=0)
    opened_at = MomentField()
    barrier = TransactionIdField(null=True)
    closed_at = MomentField(null=True)
    cut_off_at = MomentField(null=True)
    trades = models.BigIntegerField(null=True)
    obligations = models.BigIntegerField(null=True)
    input_hash = models.CharField(max_length=64, null=True)
    netted_at = MomentField(null=True)
    gross_minor = MinorField(null=True)
    net_minor = MinorField(null=True)
    payments_before = models.BigIntegerField(null=True)
    payments_after = models.BigIntegerField(null=True)
    output_hash = models.CharField(max_length=64, null=True)
    trades_root = models.CharField(max_length=64, null=True)
    merkle_root = models.CharField(max_length=64, null=True)
    posted_at = MomentField(null=True)
    settled_at = MomentField(null=True)
    paused_since = MomentField(null=True)
    pause_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    paused_by = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="", db_default="")
    paused_responsible = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="", db_default="")
    released_by = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "number"], name="cycle_number_once"),
            models.UniqueConstraint(fields=["currency"], condition=Q(state="open"), name="cycle_one_open"),
            models.CheckConstraint(
                condition=_recorded_from("closing", ("barrier", "closed_at")), name="cycle_closed_when"
            ),
            models.CheckConstraint(
                condition=_recorded_from("validated", VALIDATED_COLUMNS), name="cycle_validated_what"
            ),
            models.CheckConstraint(
                condition=_recorded_from("netted", (*NETTED_COLUMNS, "netted_at")), name="cycle_netted_what"
            ),
            models.CheckConstraint(
                condition=_recorded_from("posted", ("posted_at",)), name="cycle_final_when"
            ),
            models.CheckConstraint(
                condition=Q(paused_since=None, pause_reason="", paused_by="", paused_responsible="")
                | Q(paused_since__isnull=False) & ~Q(pause_reason="") & ~Q(paused_by=""),
                name="cycle_pause_reason",
            ),
            models.CheckConstraint(
                condition=Q(paused_since=None) | Q(state__in=PAUSABLE_STATES), name="cycle_paused_when"
            ),
            models.CheckConstraint(
                condition=Q(cut_off_at=None)
                | Q(cut_off_at__gt=F("opened_at"), cut_off_at__lte=F("closed_at")),
                name="cycle_cut_off",
            ),
            models.UniqueConstraint(fields=["currency", "cut_off_at"], name="cycle_cut_off_once"),
            currency_stated("cycle_currency"),
        ]
        triggers = [
            state_guard(CYCLE),
            immutable("public_id", "currency", "number", "business_key", "opened_at"),
            set_once(
                "barrier",
                "closed_at",
                *VALIDATED_COLUMNS,
                *NETTED_COLUMNS,
                "netted_at",
                "posted_at",
                "settled_at",
                "cut_off_at",
            ),
            no_delete(),
            numbers_without_gap(),
            paused_cycle_keeps_its_state(),
            released_by_another(),
            # Who asked first for the release by the one who paused it is named, and need not have proved anything since.
            acted_by_person(
                "released_by",
                Permission.CLEARING_WRITE,
                when="OLD.paused_since IS NOT NULL AND NEW.paused_since IS NULL",
                watched=("paused_since",),
                proved=False,
            ),
            cut_off_when_closed(),
            step_is_whole(),
            under_a_regime(),
        ]


class CycleStep(models.Model):
    """One completed step of a cycle: the state it reached and its times.

    ``epoch`` is the cycle's number of steps after it. Times are real, not business time; they measure clearing and are
    part of no hash. Invariant: one row per step. Append-only.
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    epoch = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=CycleState.choices)
    began_at = MomentField()
    ended_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "epoch"], name="cycle_step_once"),
            models.CheckConstraint(condition=Q(ended_at__gte=F("began_at")), name="cycle_step_times"),
        ]
        triggers = [append_only(), dated_now(real=["ended_at"], stated=["began_at"])]


class CyclePart(models.Model):
    """How far a part of a cycle's step has come that is done in chunks, each in its own transaction.

    A chunk writes this row in the transaction that does its work, while it holds the cycle's row: whoever goes on, after
    any interruption, goes on behind ``reached``. ``total`` and ``done`` count participants, or documents; ``total`` is null
    where it is not known beforehand. ``reached`` is the key of the last one done: the party key; for rebates the database
    key of their payer; for documents that of the trade, the correction or the recipient. ``began_at`` and ``ended_at`` are
    real time; ``booked_at`` is the business time of everything that the part writes, so that a part that goes on after
    midnight still belongs to one day.

    Invariants: one row per cycle and part; it only goes forward, and an ended part never changes. Rows are never deleted.
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    part = models.CharField(max_length=12, choices=StepPart.choices)
    total = models.BigIntegerField(null=True)
    done = models.BigIntegerField(default=0)
    reached = models.CharField(max_length=31, blank=True, default="", db_collation="C")
    began_at = MomentField()
    booked_at = MomentField()
    ended_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "part"], name="cycle_part_once"),
            models.CheckConstraint(
                condition=Q(done__gte=0)
                & (Q(total=None) | Q(done__lte=F("total")) & (Q(ended_at=None) | Q(done=F("total")))),
                name="cycle_part_done",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("began_at")), name="cycle_part_times"
            ),
        ]
        indexes = [models.Index("cycle", name="cycle_part_under_way", condition=Q(ended_at=None))]
        triggers = [
            immutable("cycle_id", "part", "total", "began_at", "booked_at"),
            part_goes_on(),
            no_delete(),
        ]


class ClearingSchedule(models.Model):
    """Cut-offs of the cycles of a currency from a day on, in the market's time zone.

    In force on a day is the schedule that took effect last; of several that take effect on one day, the newest.
    ``value_days`` are business days from a transfer file to its value date; ``overdue_minutes`` minutes that the steps
    after a cut-off may take before the operator is alarmed (null: the rulebook's parameter). ``stated_at`` is business
    time: a cut-off counts only if it was published at its moment. Two people publish it: ``approval`` is of the first,
    ``stated_by`` is the second. Invariants: an active schedule has cut-offs; two people approved what it states. Append-only.
    """

    public_id = IdentifierField(prefix="sch")
    currency = models.CharField(max_length=3)
    effective_from = DayField()
    cut_off_times = ArrayField(models.TimeField())
    value_days = DaysField(default=1)
    overdue_minutes = models.PositiveIntegerField(null=True)
    active = models.BooleanField(default=True)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    stated_by = models.CharField(max_length=60)
    stated_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active=False) | Q(cut_off_times__len__gte=1), name="schedule_has_cut_offs"
            ),
            models.CheckConstraint(
                condition=Q(value_days__lte=VALUE_DAYS_MAX)
                & (
                    Q(overdue_minutes=None)
                    | Q(overdue_minutes__gte=1, overdue_minutes__lte=OVERDUE_MINUTES_MAX)
                ),
                name="schedule_limits",
            ),
            currency_stated("schedule_currency"),
        ]
        triggers = [append_only(), dated_now("stated_at"), calendar_by_two(SCHEDULE_APPROVED)]


class ClosedDay(models.Model):
    """Declares that no cycle is cut off on ``day``, or (``closed`` false) withdraws that declaration.

    Adds to weekends, public holidays and the banks' year-end, which the calendar knows. ``currency`` is empty for all.
    The newest declaration of a day and currency counts; a day is closed if it is closed for the currency or for all.
    Two people declare or withdraw it: ``approval`` is of the first, ``stated_by`` is the second. Append-only.
    """

    public_id = IdentifierField(prefix="cld")
    day = DayField()
    currency = models.CharField(max_length=3, blank=True, default="")
    closed = models.BooleanField()
    name = BoundedJSONField()
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    stated_by = models.CharField(max_length=60)
    stated_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(currency="") | Q(currency__regex=CURRENCY_PATTERN), name="closed_day_currency"
            ),
            models.CheckConstraint(condition=Q(name__has_keys=["ja", "en"]), name="closed_day_name"),
        ]
        triggers = [append_only(), dated_now("stated_at"), calendar_by_two(CLOSED_DAY_APPROVED)]


# Entries name their cycle, so this guard of entries reads cycles and is registered here.
pgtrigger.register(entry_names_cycle())(Entry)
