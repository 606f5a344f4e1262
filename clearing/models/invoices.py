"""Invoices, gross, whatever was set off in paying them."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from marketplace.kernel.guards import append_only
from marketplace.kernel.identifiers import IdentifierField

from ..states import InvoiceKind, InvoicePurpose
from .columns import currency_stated, organisation_key
from .cycles import Cycle
from .trades import Obligation


def invoice_numbers_without_gap() -> pgtrigger.Trigger:
    """The numbers of an issuer run 1, 2, 3, …: the one before each new one exists when the statement ends."""
    return pgtrigger.Trigger(
        name="numbers_without_gap",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            SELECT i.issuer_id, i.sequence INTO fault FROM new_rows i
             WHERE i.sequence <> 1 AND NOT EXISTS (
                SELECT FROM clearing_invoice b WHERE b.issuer_id = i.issuer_id AND b.sequence = i.sequence - 1)
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'invoice % of issuer % would leave a gap', fault.sequence, fault.issuer_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


class Invoice(models.Model):
    """A document that one party owes another by tax law, with everything on it kept as it was issued.

    A trade's sale has an invoice of its seller to its buyer; fees have one of the operator to each participant and
    cycle; a correction has one of its own. ``document`` is what the template ``clearing/invoice`` prints. Netting
    never nets invoices (Consumption Tax Act, article 57-4): the set-off is told in its notes.

    Invariants: numbers of an issuer have no gap; nothing is invoiced twice. Append-only.
    """

    public_id = IdentifierField(prefix="inv")
    purpose = models.CharField(max_length=12, choices=InvoicePurpose.choices)
    kind = models.CharField(max_length=20, choices=InvoiceKind.choices)
    issuer = organisation_key()
    recipient = organisation_key()
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=60, unique=True)
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, null=True, related_name="+")
    issued_on = models.DateField()
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    document = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "sequence"], name="invoice_sequence_once"),
            models.UniqueConstraint(
                fields=["cycle", "purpose", "recipient"],
                condition=Q(obligation__isnull=True),
                name="invoice_of_fees_once",
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")), name="invoice_total"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=("fee", "fee_refund"), obligation__isnull=True)
                | Q(purpose__in=("purchase", "correction"), obligation__isnull=False),
                name="invoice_of_what",
            ),
            currency_stated("invoice_currency"),
        ]
        indexes = [models.Index("cycle", "id", name="invoice_by_cycle")]
        triggers = [append_only(), invoice_numbers_without_gap()]
