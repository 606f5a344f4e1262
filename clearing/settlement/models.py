"""Settlement instructions, transfer files, and the client account."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Concat, Now

from marketplace.approvals.models import Approval
from marketplace.kernel.columns import DayField, MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from ..cycles.models import Cycle
from ..ground.columns import currency_stated, organisation_key
from ..ledger.models import Entry, FundsRegime
from ..trades.models import Obligation
from .causes import IDLE
from .guards import (
    counts_this_server,
    declared_by_two,
    names_restoration,
    operator_paid_its_earnings,
    payments_covered,
    registered_by_two,
    replaces_failed,
    restorations_in_order,
    sending_open,
    surplus_by_two,
    within_operator_money,
)
from .states import INSTRUCTION, Hindrance, InstructionState, PaymentDirection, PaymentPurpose

REFERENCE_LENGTH_MAX = 20
SEND_DAYS_MAX = 31
"""The longest time without a business day of a currency; the service knows the calendar."""


def _planned_on(hours: int, days: int = 0) -> models.Func:
    """So many days after the day on which a payment was planned, in the time zone of UTC plus so many hours."""
    return models.Func(
        F("planned_at"),
        template=f"((%(expressions)s + interval '{hours} hours') AT TIME ZONE 'UTC')::date + {days}",
        output_field=models.DateField(),
    )


class ClientAccount(models.Model):
    """The market's bank account for participants' money, separate from the operator's own.

    Codes and names are as transfer files have them: codes in digits, names in half-width katakana (JIS X 0201). Of a
    currency, the newest effective row is in force. Two people register it: ``approval`` is of the first, ``registered_by``
    is the second. Another account than that in force takes effect after the published notice (``held_by_two``).
    Append-only.
    """

    public_id = IdentifierField(prefix="cla")
    currency = models.CharField(max_length=3)
    requester_code = models.CharField(max_length=10)
    requester_name = models.CharField(max_length=40)
    bank_code = models.CharField(max_length=4)
    bank_name = models.CharField(max_length=15)
    branch_code = models.CharField(max_length=3)
    branch_name = models.CharField(max_length=15)
    account_type = models.CharField(max_length=10)
    account_number = models.CharField(max_length=7)
    effective_from = MomentField()
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    registered_by = models.CharField(max_length=60)
    registered_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    requester_code__regex=r"^[0-9]{10}$",
                    bank_code__regex=r"^[0-9]{4}$",
                    branch_code__regex=r"^[0-9]{3}$",
                    account_number__regex=r"^[0-9]{7}$",
                    account_type__in=("ordinary", "current"),
                ),
                name="client_account_codes",
            ),
            models.CheckConstraint(
                condition=Q(effective_from__gte=F("registered_at")), name="client_account_not_backdated"
            ),
            currency_stated("client_account_currency"),
        ]
        indexes = [models.Index("currency", "effective_from", "id", name="client_account_in_force")]
        triggers = [
            append_only(),
            dated_now("registered_at", stated=["effective_from"]),
            registered_by_two(),
        ]


class TransferFile(models.Model):
    """A file of payments for the operator's bank: the payments of one cycle, or those of no cycle.

    ``left_out`` lists planned payments that the file could not contain: ``{"reference", "reason"}`` each. Append-only.
    """

    public_id = IdentifierField(prefix="trf")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, null=True, related_name="+")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64, unique=True)
    records = models.PositiveIntegerField()
    total_minor = MinorField()
    currency = models.CharField(max_length=3)
    value_date = DayField()
    left_out = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    made_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(records__gt=0, total_minor__gt=0), name="transfer_file_totals"
            ),
        ]
        triggers = [append_only(), dated_now("made_at")]


class Restoration(models.Model):
    """The database was restored from a backup, to a moment in its past.

    ``number`` counts restorations from 1, also those that the database has forgotten (``restorations``); it is part of the
    reference of every payment that is planned afterwards.
    ``restored_to`` is that moment in real time, if it was stated. Payments that the market sent after it are lost to the
    market, so sending is shut for each currency until its ``SendingOpening``. Append-only.
    """

    public_id = IdentifierField(prefix="rst")
    number = models.PositiveIntegerField(unique=True)
    restored_to = MomentField(null=True)
    happened_at = MomentField()
    recorded_by = models.CharField(max_length=60)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        triggers = [
            append_only(),
            dated_now("happened_at", real=["recorded_at"], stated=["restored_to"]),
            restorations_in_order(),
        ]


class CountedTimeline(models.Model):
    """The server and the timeline of its log on which the market's data are known to stand.

    ``server`` is PostgreSQL's system identifier. Recovery from the archive, and promoting a standby, begin another timeline;
    `pg_upgrade` and a copy by dump are another server. ``restoration`` is the number of the newest restoration then, 0 for
    the row that `migrate` writes. Only the newest row counts: while the server is not the one that it names, a restoration
    has not been counted, and no payment is planned or sent. Append-only.
    """

    server = models.CharField(max_length=20)
    timeline = models.PositiveIntegerField()
    restoration = models.PositiveIntegerField(unique=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        triggers = [append_only(), dated_now(real=["recorded_at"]), counts_this_server()]


class SendingOpening(models.Model):
    """Two people of the operator opened the sending of payments in a currency again after a restoration.

    ``statement`` is the public identifier of the bank statement that they relied on. Append-only.
    """

    restoration = models.ForeignKey(Restoration, on_delete=models.PROTECT, related_name="openings")
    currency = models.CharField(max_length=3)
    statement = models.CharField(max_length=31)
    first_person = models.CharField(max_length=60)
    opened_by = models.CharField(max_length=60)
    opened_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["restoration", "currency"], name="sending_opened_once"),
            models.CheckConstraint(
                condition=~Q(first_person=F("opened_by")) & ~Q(statement=""), name="sending_opened_by_two"
            ),
            currency_stated("sending_opening_currency"),
        ]
        triggers = [
            append_only(),
            dated_now("opened_at"),
            acted_by_person("opened_by", Permission.CLEARING_WRITE, first="first_person"),
        ]


class SettlementInstruction(models.Model):
    """One payment between the client account and a participant or the operator: of a cycle, or of none.

    ``reference`` travels with the payment through the banks and returns on the bank statement: it is the payment's
    idempotency key. ``send_by`` is the day by which it leaves, or is paid in: from then on an alarm stands until it does.
    A second payment for the same purpose is a further instruction (``instead_of`` the first), made only
    after the first has failed, or was cancelled before it was sent because a part was set off (``shortfalls.SetOff``): an
    instruction is never edited. ``held_back`` says why a planned payment cannot be sent; ``alarmed_at`` is when the operator
    was alarmed that its outcome is unknown. A payment with a ``creditor_payment`` goes to the creditor that attached what is
    due to ``organisation``; one with an ``approval`` is own money that two people of the operator take out.

    Invariants: one instruction per cycle and organisation that has neither failed nor been cancelled; one return of idle money in progress per
    organisation and currency, besides retries; payments in progress to a participant do not exceed its receivable; amount
    and payee never change; the state changes by ``states.INSTRUCTION``. The reference names the newest restoration at the
    time of planning; nothing is sent while sending is shut. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="stl")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    purpose = models.CharField(
        max_length=12,
        choices=PaymentPurpose.choices,
        default=PaymentPurpose.CYCLE,
        db_default=PaymentPurpose.CYCLE.value,
    )
    instead_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")
    creditor_payment = models.ForeignKey(
        "clearing.CreditorPayment", on_delete=models.PROTECT, null=True, related_name="instructions"
    )
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    organisation = organisation_key()
    sequence = models.PositiveIntegerField()
    reference = models.CharField(max_length=REFERENCE_LENGTH_MAX, unique=True)
    restoration = models.PositiveIntegerField(default=0, db_default=0)
    direction = models.CharField(max_length=3, choices=PaymentDirection.choices)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=10, choices=InstructionState.choices, default=InstructionState.PLANNED
    )
    transfer_file = models.ForeignKey(TransferFile, on_delete=models.PROTECT, null=True, related_name="+")
    value_date = DayField(null=True)
    planned_at = MomentField()
    send_by = DayField()
    confirmed_at = MomentField(null=True)
    failed_at = MomentField(null=True)
    failure_reason = models.CharField(max_length=200, blank=True, default="")
    cancelled_at = MomentField(null=True)
    held_back = models.CharField(
        max_length=20, choices=Hindrance.choices, blank=True, default="", db_default=""
    )
    alarmed_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "sequence"], name="instruction_sequence_once"),
            models.UniqueConstraint(
                fields=["cycle", "organisation"],
                condition=~Q(state__in=("failed", "cancelled")),
                name="instruction_one_alive",
            ),
            models.UniqueConstraint(
                fields=["currency", "sequence"],
                condition=Q(cycle=None),
                name="instruction_own_sequence_once",
            ),
            models.UniqueConstraint(
                fields=["organisation", "currency", "purpose"],
                condition=Q(cycle=None, instead_of=None, state__in=("planned", "sending", "unknown"))
                & ~Q(purpose__in=("own_money", "surplus", "attachment")),
                name="instruction_one_under_way",
            ),
            models.CheckConstraint(
                condition=Q(purpose="cycle", cycle__isnull=False)
                | Q(purpose__in=[value for value in PaymentPurpose.values if value != "cycle"], cycle=None),
                name="instruction_purpose",
            ),
            models.CheckConstraint(
                condition=Q(purpose="own_money", direction="in")
                | ~Q(purpose="own_money") & Q(direction="out"),
                name="instruction_in_is_own_money",
            ),
            models.CheckConstraint(
                condition=~Q(purpose="attachment") & Q(creditor_payment=None)
                | Q(purpose="attachment") & (Q(creditor_payment__isnull=False) | Q(instead_of__isnull=False)),
                name="instruction_of_attachment",
            ),
            models.CheckConstraint(
                condition=Q(purpose="surplus", approval__isnull=False)
                | ~Q(purpose="surplus") & Q(approval=None),
                name="instruction_surplus_approved",
            ),
            models.UniqueConstraint(
                fields=["approval"], condition=Q(instead_of=None), name="instruction_approved_once"
            ),
            models.CheckConstraint(
                condition=Q(held_back="") | Q(held_back__in=Hindrance.values, state="planned"),
                name="instruction_held_back",
            ),
            models.CheckConstraint(
                condition=Q(restoration=0)
                | Q(
                    reference__contains=Concat(
                        Value("R"), Cast("restoration", models.CharField()), Value("-")
                    )
                ),
                name="instruction_names_restoration",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="instruction_amount"),
            models.CheckConstraint(
                condition=Q(direction__in=PaymentDirection.values), name="instruction_direction"
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False),
                name="instruction_confirmed_when",
            ),
            models.CheckConstraint(
                condition=Q(state="failed", failed_at__isnull=False)
                | Q(state="confirmed")
                | (~Q(state="failed") & Q(failed_at__isnull=True)),
                name="instruction_failed_when",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False, transfer_file=None)
                | ~Q(state="cancelled") & Q(cancelled_at=None),
                name="instruction_cancelled_when",
            ),
            models.CheckConstraint(
                condition=Q(send_by__gte=_planned_on(-12), send_by__lte=_planned_on(14, SEND_DAYS_MAX)),
                name="instruction_send_by",
            ),
            currency_stated("instruction_currency"),
        ]
        indexes = [
            models.Index("send_by", name="instruction_to_send", condition=Q(state="planned")),
            models.Index("organisation", name="instruction_failed", condition=Q(state="failed")),
        ]
        triggers = [
            state_guard(INSTRUCTION),
            immutable(
                "public_id",
                "cycle_id",
                "purpose",
                "instead_of_id",
                "creditor_payment_id",
                "approval_id",
                "organisation_id",
                "sequence",
                "reference",
                "restoration",
                "direction",
                "amount_minor",
                "currency",
                "planned_at",
                "send_by",
            ),
            set_once(
                "transfer_file_id", "value_date", "confirmed_at", "failed_at", "cancelled_at", "alarmed_at"
            ),
            no_delete(),
            replaces_failed(),
            payments_covered(),
            operator_paid_its_earnings(),
            surplus_by_two(),
            names_restoration(),
            sending_open(),
            within_operator_money(
                "SELECT i.currency FROM new_rows i JOIN public.participants_organisation o"
                " ON o.id = i.organisation_id AND o.is_operator WHERE i.direction = 'out'"
            ),
        ]


# What refunds of fees need, payments in progress say: this guard of obligations reads them and is registered here.
pgtrigger.register(
    within_operator_money(
        "SELECT r.currency FROM new_rows r WHERE r.kind = 'fee_refund' AND r.source NOT LIKE 'tier:%'"
    )
)(Obligation)
# Two people declare a funds regime; a guard that reads their approval is registered here.
pgtrigger.register(declared_by_two())(FundsRegime)
# Idle money is set aside for a payment, so this guard of journal entries reads payments and is registered here.
pgtrigger.register(IDLE.guard("caused_by_payment"))(Entry)
