"""Event handlers that notify participants of their invoices."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.invoices import InvoiceIssued, InvoicesIssued
from marketplace.participants.queries import get_organisation

from .. import texts
from ..services import send_notice


def on_invoices_issued(event: InvoicesIssued, envelope: Envelope) -> None:
    """Notify a participant once of all its documents of a cycle."""
    send_notice(
        organisation_id=get_organisation(event.organisation).id,
        subject=event.cycle,
        wording=texts.INVOICES_ISSUED.fill(cycle=event.business_key),
    )


def on_invoice_issued(event: InvoiceIssued, envelope: Envelope) -> None:
    """Notify the recipient of the document, and the supplier of its copy."""
    told = {event.recipient: texts.INVOICE_ISSUED}
    if event.supplier is not None:
        told[event.supplier] = texts.INVOICE_COPIED
    for organisation, wording in told.items():
        send_notice(
            organisation_id=get_organisation(organisation).id,
            subject=event.invoice,
            wording=wording.fill(number=event.number, invoice=event.invoice),
        )
