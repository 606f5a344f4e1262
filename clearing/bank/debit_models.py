"""Debits in suspense that two people booked, and the receipts that return them."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from ..ground.columns import organisation_key
from ..ledger.models import Entry
from ..settlement.guards import within_operator_money
from ..settlement.models import SettlementInstruction
from .causes import EXPLAINED, RECOUPED
from .debit_guards import allocation_fits, debit_booking_fits, recoupment_fits
from .models import BankAllocation, BankEntry
from .states import DebitKind


class DebitBooking(models.Model):
    """The decision of two people of the operator what a debit in suspense was.

    A bank fee is borne by the operator. A wrong debit is reclaimed from the bank, and the second carrying-out of the payment
    ``instruction`` from its payee ``organisation``, until receipts return it (``Recoupment``).

    Invariants: one of each debit in suspense, by two people; a payment that was carried out twice is out, of the debit's amount
    and currency, and was confirmed by another bank entry, or failed and was made again or used otherwise. Append-only.
    """

    public_id = IdentifierField(prefix="dbk")
    bank_entry = models.OneToOneField(BankEntry, on_delete=models.PROTECT, related_name="debit_booking")
    booked_as = models.CharField(max_length=12, choices=DebitKind.choices)
    instruction = models.ForeignKey(
        SettlementInstruction, on_delete=models.PROTECT, null=True, related_name="+"
    )
    organisation = organisation_key(null=True)
    reason = models.CharField(max_length=200)
    first_person = models.CharField(max_length=60)
    decided_by = models.CharField(max_length=60)
    decided_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(booked_as__in=("bank_fee", "reclaimed"), instruction=None, organisation=None)
                | Q(booked_as="paid_twice", instruction__isnull=False, organisation__isnull=False),
                name="debit_booking_of_what",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(first_person="") & ~Q(first_person=F("decided_by")),
                name="debit_booked_by_two",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("decided_at", real=["recorded_at"]),
            debit_booking_fits(),
            acted_by_person("decided_by", Permission.CLEARING_WRITE, first="first_person"),
            within_operator_money(
                "SELECT e.currency, e.amount_minor FROM new_rows d JOIN public.clearing_bankentry e ON e.id = d.bank_entry_id"
                " WHERE d.booked_as = 'bank_fee'",
                needed="n.amount_minor",
            ),
        ]


class Recoupment(models.Model):
    """A receipt that returned a reclaimed debit, or a part of it.

    The market recognises the return of a payment that was carried out twice by its reference; two people attribute every
    other. Invariants: one of each receipt, which is in suspense and allocated to nobody, or was recognised as this return;
    together they return no more than the debit; in its currency. Append-only.
    """

    bank_entry = models.OneToOneField(BankEntry, on_delete=models.PROTECT, related_name="recoupment")
    debit = models.ForeignKey(DebitBooking, on_delete=models.PROTECT, related_name="recoupments")
    first_person = models.CharField(max_length=60, blank=True, default="")
    decided_by = models.CharField(max_length=60)
    decided_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_person="", decided_by="system")
                | ~Q(first_person="") & ~Q(first_person=F("decided_by")),
                name="recoupment_by_two",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("decided_at", real=["recorded_at"]),
            recoupment_fits(),
            acted_by_person(
                "decided_by", Permission.CLEARING_WRITE, first="first_person", when="NEW.first_person <> ''"
            ),
        ]


# The guard of allocations reads recoupments, so it is registered here.
allocation_fits(BankAllocation)
# So do these guards of journal entries.
pgtrigger.register(EXPLAINED.guard("caused_by_debit"), RECOUPED.guard("caused_by_return"))(Entry)
