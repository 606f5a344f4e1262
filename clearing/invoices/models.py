"""Invoices, which state gross amounts even if they are paid by netting, and intermediary notices."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import DayField, MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from ..cycles.models import Cycle
from ..ground.columns import currency_stated, organisation_key
from ..trades.models import Obligation
from ..trades.obligation_kinds import AGGREGATED_DOCUMENTS, OBLIGATION_DOCUMENTS
from .guards import (
    corrected_alike,
    invoice_numbers_without_gap,
    taxed_as_published,
    withdrawn_by_its_giver,
)
from .states import InvoiceKind, InvoicePurpose


class Invoice(models.Model):
    """A tax document from one party to another, recorded with its whole content as issued.

    A trade's sale has an invoice of its seller to its buyer; fees have one of the operator per participant and cycle; a
    correction has its own. ``document`` is the data of the template ``clearing/invoice``. Netting never nets invoices
    (Consumption Tax Act, article 57-4): the notes mention the netting. ``supplier`` is the seller if the operator issues
    in its own name as intermediary (Order, article 70-12).

    A further invoice that ``replaces`` this one corrects an error and states the ``correction_reason``; amounts are
    corrected by an adjustment of the trade instead. ``purchase_order`` is the recipient's, empty if each line has its own.

    Invariants: numbers of an issuer have no gap; nothing is invoiced twice; it states the amounts of its supplies, at
    published rates of tax; an invoice is replaced at most once, by one with the same parties and amounts. Append-only.
    """

    public_id = IdentifierField(prefix="inv")
    purpose = models.CharField(max_length=12, choices=InvoicePurpose.choices)
    kind = models.CharField(max_length=20, choices=InvoiceKind.choices)
    issuer = organisation_key()
    recipient = organisation_key()
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=60, unique=True)
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, null=True, related_name="+")
    supplier = organisation_key(null=True)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    correction_reason = models.CharField(max_length=500, blank=True, default="", db_default="")
    purchase_order = models.CharField(max_length=200, blank=True, default="", db_default="")
    issued_on = DayField()
    currency = models.CharField(max_length=3)
    net_minor = MinorField()
    tax_minor = MinorField()
    total_minor = MinorField()
    document = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "sequence"], name="invoice_sequence_once"),
            models.UniqueConstraint(
                fields=["cycle", "purpose", "recipient"],
                condition=Q(obligation=None, replaces=None),
                name="invoice_of_fees_once",
            ),
            models.UniqueConstraint(
                fields=["obligation"], condition=Q(replaces=None), name="invoice_of_obligation_once"
            ),
            models.CheckConstraint(
                condition=Q(replaces=None, correction_reason="")
                | Q(replaces__isnull=False) & ~Q(correction_reason=""),
                name="invoice_corrected_why",
            ),
            models.CheckConstraint(
                condition=Q(supplier=None)
                | Q(obligation__isnull=False, kind__in=("qualified_invoice", "return_invoice"))
                & ~Q(supplier=F("issuer")),
                name="invoice_of_intermediary",
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")), name="invoice_total"
            ),
            models.CheckConstraint(
                condition=Q(
                    purpose__in=tuple(document.value for document in AGGREGATED_DOCUMENTS),
                    obligation__isnull=True,
                )
                | Q(
                    purpose__in=tuple(document.value for document in OBLIGATION_DOCUMENTS),
                    obligation__isnull=False,
                ),
                name="invoice_of_what",
            ),
            currency_stated("invoice_currency"),
        ]
        indexes = [
            models.Index("cycle", "id", name="invoice_by_cycle"),
            models.Index("issued_on", name="invoice_by_day"),
            models.Index("purchase_order", name="invoice_by_order", condition=~Q(purchase_order="")),
        ]
        triggers = [append_only(), invoice_numbers_without_gap(), corrected_alike(), taxed_as_published()]


class IntermediaryNotice(models.Model):
    """A seller's notice that the operator may issue its invoices (媒介者交付特例, Order, article 70-12).

    It applies to trades accepted from ``effective_from`` on and never to those accepted before it was given. A row that
    ``withdraws`` a notice ends it in the same way. ``stated_on`` is the business date of ``stated_at``.

    Invariants: a notice is withdrawn at most once, by its giver; neither is retroactive. Append-only.
    """

    public_id = IdentifierField(prefix="imn")
    organisation = organisation_key()
    withdraws = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="withdrawal")
    effective_from = DayField()
    stated_on = DayField()
    stated_at = MomentField()
    stated_by = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_from__gte=F("stated_on")), name="intermediary_notice_forward"
            ),
        ]
        triggers = [append_only(), dated_now("stated_at"), withdrawn_by_its_giver()]
