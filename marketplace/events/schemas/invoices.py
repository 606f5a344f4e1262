"""Events of invoices."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class InvoicesIssued(Event):
    """Every document of a cycle is issued, and some name the organisation: as issuer, supplier or recipient."""

    type = "invoices.issued"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    cycle: str
    business_key: str


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(Event):
    """A corrected invoice was issued to its recipient; ``supplier`` gets a copy where the market issues it on its behalf.

    The first documents of a cycle have one event for each participant: ``InvoicesIssued``.
    """

    type = "invoice.issued"
    subject_field = "invoice"
    audience = seen_by("issuer", "recipient", "supplier")

    invoice: str
    issuer: str
    recipient: str
    number: str
    supplier: str | None = None
