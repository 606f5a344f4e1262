"""The clearing cycle and its steps; the calendar: schedules and closed days."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import TransactionIdField
from marketplace.kernel.guards import append_only, immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from ..ground.columns import CURRENCY_PATTERN, currency_stated
from .guards import cut_off_when_closed, numbers_without_gap, paused_cycle_keeps_its_state, under_a_regime
from .states import CYCLE, PAUSABLE_STATES, CycleState

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
    """The columns are empty before ``state`` is reached and full from then on."""
    full, empty = Q(), Q()
    for column in columns:
        full &= Q(**{f"{column}__isnull": False})
        empty &= Q(**{f"{column}__isnull": True})
    return (_REACHED[state] & full) | (~_REACHED[state] & empty)


class Cycle(models.Model):
    """A period whose trades are cleared together, in one currency.

    ``barrier`` is the transaction that closed the cycle: what was committed before it belongs in. ``epoch`` counts
    the steps, so that a step begun on an older epoch does nothing. ``input_hash`` is taken over what is cleared,
    ``output_hash`` over the net positions, both over business keys and amounts alone; ``merkle_root``,
    from netting on and so before anything is posted, commits to the trades (``trades_root``) and the positions. ``netted_at`` is the moment of
    finality: from then on the operator stands in every obligation's place, the debtors are released, and what
    becomes of a participant changes nothing. ``posted_at`` is when the ledger says so. ``cut_off_at`` is the cut-off
    of the schedule that the cycle was closed for, null where the operator closed it. While ``paused_since`` is set
    the cycle stays where it is, by the word (``pause_reason``) of somebody of the operator (``paused_by``).

    ``payments_before``: payments that the obligations would take one by one. ``payments_after``: participants,
    and the operator, with a net position other than zero. ``gross_minor``: the sum of all obligations with tax.
    ``net_minor``: the sum of the positive net positions. Net buyers pay in beforehand (nothing is cleared that was
    not secured), so what is paid out by bank after a cycle is what participants sold, less what was deducted.

    Invariants: numbers of a currency are 1, 2, 3, … without a gap; one cycle a currency is open; what a step
    recorded is never changed; a cut-off closes one cycle, that was open when it came. Rows are never removed.
    """

    public_id = IdentifierField(prefix="cyc")
    currency = models.CharField(max_length=3)
    number = models.PositiveIntegerField()
    business_key = models.CharField(max_length=30, unique=True)
    state = models.CharField(max_length=12, choices=CycleState.choices, default=CycleState.OPEN)
    epoch = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    barrier = TransactionIdField(null=True)
    closed_at = models.DateTimeField(null=True)
    cut_off_at = models.DateTimeField(null=True)
    trades = models.BigIntegerField(null=True)
    obligations = models.BigIntegerField(null=True)
    input_hash = models.CharField(max_length=64, null=True)
    netted_at = models.DateTimeField(null=True)
    gross_minor = models.BigIntegerField(null=True)
    net_minor = models.BigIntegerField(null=True)
    payments_before = models.BigIntegerField(null=True)
    payments_after = models.BigIntegerField(null=True)
    output_hash = models.CharField(max_length=64, null=True)
    trades_root = models.CharField(max_length=64, null=True)
    merkle_root = models.CharField(max_length=64, null=True)
    posted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    paused_since = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    paused_by = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="", db_default="")

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
                condition=Q(paused_since=None, pause_reason="", paused_by="")
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
            cut_off_when_closed(),
            under_a_regime(),
        ]


class CycleStep(models.Model):
    """One step that a cycle has done: the state it reached, when, and how long it took.

    ``epoch`` is the cycle's count of steps after it. Times are real, not business time: they tell the operator how
    fast clearing is and are part of no hash. Invariant: one row a step. Append-only.
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    epoch = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=CycleState.choices)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "epoch"], name="cycle_step_once"),
            models.CheckConstraint(condition=Q(ended_at__gte=F("began_at")), name="cycle_step_times"),
        ]
        triggers = [append_only()]


CUT_OFFS_A_DAY_MAX = 24
VALUE_DAYS_MAX = 30
OVERDUE_MINUTES_MAX = 7 * 24 * 60


class ClearingSchedule(models.Model):
    """When the cycles of a currency are cut off from a day on, in the market's time zone.

    In force on a day is the schedule that took effect last; of those that take effect on one day, the one stated
    last. ``value_days`` are business days from a transfer file to the day it is paid; ``overdue_minutes`` how long
    the steps after a cut-off may take before the operator is alarmed (null: the rulebook's parameter). ``stated_at``
    is business time: a cut-off counts only if it was published when it came. Invariant: a schedule that is active has
    cut-offs. Append-only.
    """

    public_id = IdentifierField(prefix="sch")
    currency = models.CharField(max_length=3)
    effective_from = models.DateField()
    cut_off_times = ArrayField(models.TimeField())
    value_days = models.PositiveSmallIntegerField(default=1)
    overdue_minutes = models.PositiveIntegerField(null=True)
    active = models.BooleanField(default=True)
    stated_at = models.DateTimeField()

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
        triggers = [append_only()]


class ClosedDay(models.Model):
    """A statement that no cycle is cut off on ``day``, or (``closed`` is false) that it is withdrawn.

    Beside weekends, public holidays and the banks' year-end, which the calendar knows. ``currency`` is empty where
    it concerns all. The last statement of a day and currency counts; a day is closed if it is closed for the
    currency or for all. Append-only.
    """

    public_id = IdentifierField(prefix="cld")
    day = models.DateField()
    currency = models.CharField(max_length=3, blank=True, default="")
    closed = models.BooleanField()
    name = models.JSONField()
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(currency="") | Q(currency__regex=CURRENCY_PATTERN), name="closed_day_currency"
            ),
            models.CheckConstraint(condition=Q(name__has_keys=["ja", "en"]), name="closed_day_name"),
        ]
        triggers = [append_only()]
