"""Bank statements, bank entries and the operator's allocations."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import MinorField
from marketplace.kernel.guards import append_only, immutable, no_delete, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from ..ground.columns import currency_stated, organisation_key
from ..settlement.models import SendingOpening, SettlementInstruction
from .guards import opened_by_statement
from .states import STATEMENT_IMPORT, BankDirection, BankMatch, ImportState


def _closing_day_stated(name: str, *, moment: str) -> models.CheckConstraint:
    """The closing day is that of a stated balance, and had begun at ``moment`` in the earliest time zone, UTC+14."""
    begun = models.Func(
        F(moment),
        template="((%(expressions)s + interval '14 hours') AT TIME ZONE 'UTC')::date",
        output_field=models.DateField(),
    )
    return models.CheckConstraint(
        condition=Q(closing_on=None) | Q(closing_balance_minor__isnull=False, closing_on__lte=begun),
        name=name,
    )


class BankStatement(models.Model):
    """An imported file, recorded once. ``lines`` is its number of bank entries, ``added`` how many were new.

    ``closing_balance_minor`` is the bank's closing balance in ``closing_currency``, if the operator stated it, and
    ``ledger_balance_minor`` the ledger's balance of the client account right after the import. ``closing_on`` is the
    business date at whose end the bank's balance was that, if stated: the day up to which the statement reaches.
    """

    public_id = IdentifierField(prefix="bst")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    lines = models.PositiveIntegerField()
    added = models.PositiveIntegerField()
    closing_currency = models.CharField(max_length=3, null=True)
    closing_balance_minor = MinorField(null=True)
    closing_on = models.DateField(null=True)
    ledger_balance_minor = MinorField(null=True)
    imported_by = models.CharField(max_length=60)
    imported_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256", "closing_currency", "closing_balance_minor", "closing_on"],
                nulls_distinct=False,
                name="bank_statement_once",
            ),
            models.CheckConstraint(
                condition=Q(closing_currency=None, closing_balance_minor=None, ledger_balance_minor=None)
                | Q(
                    closing_currency__isnull=False,
                    closing_balance_minor__isnull=False,
                    ledger_balance_minor__isnull=False,
                ),
                name="bank_statement_closing",
            ),
            _closing_day_stated("bank_statement_closing_day", moment="imported_at"),
        ]
        triggers = [append_only()]


class StatementImport(models.Model):
    """An uploaded bank statement on its way into the ledger.

    ``content`` holds the uploaded bytes (at most ``bank_statement.BYTES_MAX``) until the import ends, so they survive
    whatever ends the worker, and is removed with the end. ``faults`` lists why it was refused: objects with ``line``
    (null if no line is at fault), ``field``, ``code`` and ``message`` in both languages. ``job`` imports it.

    Invariants: of one file, closing balance and closing day at most one import is not refused; an import that is over keeps no
    content, and is either a statement or has faults.
    """

    public_id = IdentifierField(prefix="bsi")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    closing_currency = models.CharField(max_length=3, null=True)
    closing_balance_minor = MinorField(null=True)
    closing_on = models.DateField(null=True)
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.RECEIVED)
    faults = models.JSONField(default=list)
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, null=True, related_name="+")
    job = models.CharField(max_length=IDENTIFIER_LENGTH)
    received_by = models.CharField(max_length=60)
    received_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256", "closing_currency", "closing_balance_minor", "closing_on"],
                condition=~Q(state="refused"),
                nulls_distinct=False,
                name="statement_import_once",
            ),
            models.CheckConstraint(
                condition=Q(closing_currency=None, closing_balance_minor=None)
                | Q(closing_currency__isnull=False, closing_balance_minor__isnull=False),
                name="statement_import_closing",
            ),
            _closing_day_stated("statement_import_closing_day", moment="received_at"),
            models.CheckConstraint(
                condition=Q(state="received", content__isnull=False, statement=None, faults=[], ended_at=None)
                | Q(
                    state="imported",
                    content=None,
                    statement__isnull=False,
                    faults=[],
                    ended_at__isnull=False,
                )
                | Q(state="refused", content=None, statement=None, ended_at__isnull=False) & ~Q(faults=[]),
                name="statement_import_ended",
            ),
        ]
        triggers = [
            state_guard(STATEMENT_IMPORT),
            no_delete(),
            immutable(
                "public_id",
                "file_name",
                "sha256",
                "closing_currency",
                "closing_balance_minor",
                "closing_on",
                "job",
                "received_by",
                "received_at",
            ),
        ]


class BankEntry(models.Model):
    """One bank entry on the client account, and what it was recognised as.

    ``entry_reference`` is the bank's own: an entry is recorded once, even if several files contain it. Append-only.
    """

    public_id = IdentifierField(prefix="bke")
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="+")
    entry_reference = models.CharField(max_length=64, unique=True)
    booked_on = models.DateField()
    direction = models.CharField(max_length=6, choices=BankDirection.choices)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    counterparty_name = models.CharField(max_length=140, blank=True, default="")
    counterparty_account = models.CharField(max_length=40, blank=True, default="")
    remittance_information = models.CharField(max_length=280, blank=True, default="")
    match = models.CharField(max_length=12, choices=BankMatch.choices)
    mismatch_code = models.CharField(max_length=40, blank=True, default="")
    organisation = organisation_key(null=True)
    instruction = models.ForeignKey(
        SettlementInstruction, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="bank_entry_amount"),
            models.CheckConstraint(
                condition=Q(
                    match__in=("pay_in", "reserve"),
                    organisation__isnull=False,
                    instruction=None,
                    mismatch_code="",
                )
                | Q(match__in=("settlement", "returned"), instruction__isnull=False, mismatch_code="")
                | (Q(match="unallocated", organisation=None, instruction=None) & ~Q(mismatch_code="")),
                name="bank_entry_match",
            ),
            models.UniqueConstraint(fields=["instruction", "match"], name="bank_entry_settles_once"),
            currency_stated("bank_entry_currency"),
        ]
        indexes = [models.Index("match", "id", name="bank_entry_by_match")]
        triggers = [append_only()]


class BankAllocation(models.Model):
    """The operator's decision who owns a pay-in that was not recognised. Append-only."""

    bank_entry = models.OneToOneField(BankEntry, on_delete=models.PROTECT, related_name="allocation")
    organisation = organisation_key()
    decided_by = models.CharField(max_length=60)
    decided_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]


pgtrigger.register(opened_by_statement())(SendingOpening)
