"""Bank statements, bank entries and the operator's allocations."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, DayField, MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from ..ground.columns import currency_stated, organisation_key
from ..ledger.models import Entry
from ..settlement.models import SendingOpening, SettlementInstruction, TransferFile
from .causes import ALLOCATED, BOOKED, RECOVERED
from .guards import (
    allocated_by_two,
    confirmed_by_another,
    continues_last,
    entries_add_up,
    entries_value_dated,
    file_debit_fits,
    large_receipts_confirmed,
    opened_by_statement,
    statement_has_entries,
)
from .states import STATEMENT_IMPORT, BankDirection, BankMatch, ImportState


def _begun(name: str, *, day: str, moment: str) -> models.CheckConstraint:
    """``day`` had begun at ``moment`` in the earliest time zone, UTC+14; null if it is not known."""
    latest = models.Func(
        F(moment),
        template="((%(expressions)s + interval '14 hours') AT TIME ZONE 'UTC')::date",
        output_field=models.DateField(),
    )
    return models.CheckConstraint(condition=Q(**{day: None}) | Q(**{f"{day}__lte": latest}), name=name)


class StatementImport(models.Model):
    """An uploaded bank statement on its way into the ledger.

    ``content`` holds the uploaded bytes (at most ``bank_statement.BYTES_MAX``) until the import ends, so they survive
    whatever ends the worker, and is removed with the end. ``faults`` lists why it was refused: objects with ``line``
    (null if no line is at fault), ``field``, ``code`` and ``message`` in both languages. ``job`` reads or imports it.
    What the file states (``currency`` to ``credits_minor``, the total of its receipts) is known once it is read.

    Invariants: of one file at most one import is not refused; what it states is recorded once; an import that is over
    keeps no content, and is either a statement or has faults.
    """

    public_id = IdentifierField(prefix="bsi")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    currency = models.CharField(max_length=3, null=True)
    opening_on = DayField(null=True)
    closing_on = DayField(null=True)
    closing_balance_minor = MinorField(null=True)
    credits_minor = MinorField(null=True)
    state = models.CharField(max_length=21, choices=ImportState.choices, default=ImportState.RECEIVED)
    faults = BoundedJSONField(default=list)
    statement = models.ForeignKey("BankStatement", on_delete=models.PROTECT, null=True, related_name="+")
    job = models.CharField(max_length=IDENTIFIER_LENGTH)
    received_by = models.CharField(max_length=60)
    received_responsible = models.CharField(max_length=60, blank=True, default="", db_default="")
    received_at = MomentField()
    ended_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"], condition=~Q(state="refused"), name="statement_import_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    currency=None,
                    opening_on=None,
                    closing_on=None,
                    closing_balance_minor=None,
                    credits_minor=None,
                )
                | Q(
                    currency__isnull=False,
                    opening_on__isnull=False,
                    closing_on__isnull=False,
                    closing_balance_minor__isnull=False,
                    credits_minor__gte=0,
                ),
                name="statement_import_read",
            ),
            models.CheckConstraint(
                condition=Q(state="received", content__isnull=False, statement=None, faults=[], ended_at=None)
                | Q(
                    state__in=("waiting", "awaiting_confirmation", "confirmed"),
                    content__isnull=False,
                    currency__isnull=False,
                    statement=None,
                    faults=[],
                    ended_at=None,
                )
                | Q(
                    state="imported",
                    content=None,
                    currency__isnull=False,
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
                "public_id", "file_name", "sha256", "received_by", "received_responsible", "received_at"
            ),
            set_once("currency", "opening_on", "closing_on", "closing_balance_minor", "credits_minor"),
        ]


class StatementConfirmation(models.Model):
    """A second person read a statement's hash and closing balance at the bank, and they are those of the upload.

    Invariants: one of each import, made while it waits for it or once it is imported, by a person, another than its
    uploader. Append-only.
    """

    statement_import = models.OneToOneField(
        StatementImport, on_delete=models.PROTECT, related_name="confirmation"
    )
    sha256 = models.CharField(max_length=64)
    closing_balance_minor = MinorField()
    confirmed_by = models.CharField(max_length=60)
    confirmed_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__regex=PERSON_PATTERN), name="statement_confirmed_by_person"
            )
        ]
        triggers = [
            append_only(),
            dated_now("confirmed_at", real=["recorded_at"]),
            confirmed_by_another(),
            acted_by_person("confirmed_by", Permission.CLEARING_WRITE),
        ]


class UnconfirmedReceipt(models.Model):
    """A receipt of a statement that waits for confirmation: seen by its owner, and spends nothing. Append-only.

    ``organisation`` is the participant that it names, if it was recognised. Once the import is over the receipt is a
    bank entry, or was never money.
    """

    public_id = IdentifierField(prefix="ucr")
    statement_import = models.ForeignKey(StatementImport, on_delete=models.PROTECT, related_name="receipts")
    line = models.PositiveIntegerField()
    organisation = organisation_key(null=True)
    booked_on = DayField()
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    remittance_information = models.CharField(max_length=280, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement_import", "line"], name="unconfirmed_receipt_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="unconfirmed_receipt_amount"),
            currency_stated("unconfirmed_receipt_currency"),
        ]
        triggers = [append_only()]


class BankStatement(models.Model):
    """An imported bank statement, recorded once: what it adds to the statements of its currency before it.

    ``number`` counts the statements of a currency from 1. ``account`` is the client account that the file states
    (``bank_statement.StatementAccount``). The period is from ``opening_on`` to ``closing_on``; ``credits`` and ``debits``
    count its entries each way. A file that repeats days which are known already is recorded from where it goes on;
    ``lines`` counts the entries of the whole file. ``ledger_balance_minor`` is the ledger's balance of the client
    account right after the import, ``imported_on`` the business date of that. ``confirmation`` is that of the second
    person, for receipts above the limit for one.

    Invariants: it opens with the closing balance of the statement before it, on that one's last day or the next of the
    bank, and the first with nothing; it closes with what its entries come to; receipts of a day above the limit for one
    person are confirmed. Append-only.
    """

    public_id = IdentifierField(prefix="bst")
    number = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    account = models.CharField(max_length=40)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, unique=True)
    lines = models.PositiveIntegerField()
    opening_on = DayField()
    closing_on = DayField()
    opening_balance_minor = MinorField()
    closing_balance_minor = MinorField()
    credits = models.PositiveIntegerField()
    credits_minor = MinorField()
    debits = models.PositiveIntegerField()
    debits_minor = MinorField()
    ledger_balance_minor = MinorField()
    confirmation = models.ForeignKey(
        StatementConfirmation, on_delete=models.PROTECT, null=True, related_name="+"
    )
    imported_by = models.CharField(max_length=60)
    imported_at = MomentField()
    imported_on = DayField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "number"], name="bank_statement_number_once"),
            models.CheckConstraint(
                condition=Q(
                    closing_balance_minor=F("opening_balance_minor") + F("credits_minor") - F("debits_minor")
                ),
                name="bank_statement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(opening_on__lte=F("closing_on"), credits_minor__gte=0, debits_minor__gte=0),
                name="bank_statement_period",
            ),
            _begun("bank_statement_closing_day", day="closing_on", moment="imported_at"),
            _begun("bank_statement_import_day", day="imported_on", moment="imported_at"),
            currency_stated("bank_statement_currency"),
        ]
        triggers = [
            append_only(),
            dated_now("imported_at", real=["recorded_at"]),
            continues_last(),
            large_receipts_confirmed(),
            statement_has_entries(),
            entries_value_dated(),
        ]

    @property
    def added(self) -> int:
        """How many bank entries of the file were new."""
        return self.credits + self.debits


class BankEntry(models.Model):
    """One bank entry on the client account, and what it was recognised as.

    ``instruction`` is the payment that it confirms or returns, or that an unrecognised entry names; a debit of a whole
    ``transfer_file`` confirms those of its payments that no entry of their own did, and is their total.

    ``entry_reference`` is the bank's own, unique on the day ``booked_on``: an entry is recorded once, even if several files
    contain it. One SQL statement inserts the entries of a statement, which come to its totals. Append-only.
    """

    public_id = IdentifierField(prefix="bke")
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="+")
    entry_reference = models.CharField(max_length=64)
    booked_on = DayField()
    direction = models.CharField(max_length=6, choices=BankDirection.choices)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    counterparty_name = models.CharField(max_length=140, blank=True, default="")
    counterparty_account = models.CharField(max_length=40, blank=True, default="")
    remittance_information = models.CharField(max_length=280, blank=True, default="")
    match = models.CharField(max_length=14, choices=BankMatch.choices)
    mismatch_code = models.CharField(max_length=40, blank=True, default="")
    organisation = organisation_key(null=True)
    instruction = models.ForeignKey(
        SettlementInstruction, on_delete=models.PROTECT, null=True, related_name="+"
    )
    transfer_file = models.ForeignKey(TransferFile, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "booked_on", "entry_reference"], name="bank_entry_reference_once"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="bank_entry_amount"),
            models.CheckConstraint(
                condition=Q(
                    match__in=("pay_in", "reserve"),
                    organisation__isnull=False,
                    instruction=None,
                    mismatch_code="",
                )
                | Q(match__in=("settlement", "returned"), instruction__isnull=False, mismatch_code="")
                | Q(match="recouped", direction="credit", instruction__isnull=False, mismatch_code="")
                | Q(
                    match="transfer_file",
                    direction="debit",
                    transfer_file__isnull=False,
                    organisation=None,
                    instruction=None,
                    mismatch_code="",
                )
                | (Q(match="unallocated", organisation=None) & ~Q(mismatch_code="")),
                name="bank_entry_match",
            ),
            models.CheckConstraint(
                condition=Q(transfer_file=None) | Q(match="transfer_file"), name="bank_entry_of_file"
            ),
            models.UniqueConstraint(fields=["transfer_file"], name="bank_entry_debits_file_once"),
            models.UniqueConstraint(
                fields=["instruction", "match"],
                condition=Q(match__in=("settlement", "returned")),
                name="bank_entry_settles_once",
            ),
            currency_stated("bank_entry_currency"),
        ]
        indexes = [models.Index("match", "id", name="bank_entry_by_match")]
        triggers = [append_only(), entries_add_up(), file_debit_fits()]


class BankAllocation(models.Model):
    """The operator's decision who owns a pay-in that was not recognised. Append-only.

    ``reason`` says why it is the operator's own money; that two people decide, whatever the amount.
    """

    bank_entry = models.OneToOneField(BankEntry, on_delete=models.PROTECT, related_name="allocation")
    organisation = organisation_key()
    reason = models.CharField(max_length=200, blank=True, default="")
    decided_by = models.CharField(max_length=60)
    decided_at = MomentField()

    class Meta:
        triggers = [append_only(), dated_now("decided_at"), allocated_by_two()]


pgtrigger.register(opened_by_statement())(SendingOpening)
# These guards of journal entries read bank entries and allocations, so they are registered here.
pgtrigger.register(
    BOOKED.guard("caused_by_bank_entry"),
    ALLOCATED.guard("caused_by_allocation"),
    RECOVERED.guard("caused_by_receipt"),
)(Entry)
