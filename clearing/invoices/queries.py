"""Reads invoices and intermediary notices."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from marketplace.kernel.actors import Actor

from ..ground.scopes import own_key
from ..trades.obligation_kinds import AGGREGATED_DOCUMENTS
from .documents_due import invoiced_obligations
from .models import IntermediaryNotice, Invoice


def invoice_count() -> int:
    """Number of issued invoices."""
    return Invoice.objects.count()


def visible_invoices(actor: Actor) -> QuerySet[Invoice]:
    """Invoices that the actor's organisation issued, supplied or received; all invoices for the operator."""
    rows = Invoice.objects.select_related("cycle", "obligation__trade", "replaces", "replaced_by")
    if actor.may_see():
        return rows
    own = own_key(actor)
    return rows.filter(Q(issuer_id=own) | Q(recipient_id=own) | Q(supplier_id=own))


def with_purchase_order(invoices: QuerySet[Invoice], purchase_order: str) -> QuerySet[Invoice]:
    """Invoices that name a purchase order, as their own or on a line of fees."""
    named = Q(purchase_order=purchase_order)
    for document, participant in AGGREGATED_DOCUMENTS.items():
        charged = invoiced_obligations(OuterRef("cycle"), document).filter(
            trade__reference=purchase_order, **{participant: OuterRef("recipient")}
        )
        named |= Q(Exists(charged), purpose=document)
    return invoices.filter(named)


def related_invoices(invoices: QuerySet[Invoice], public_id: str) -> QuerySet[Invoice]:
    """An invoice with what it replaces, what replaced it, and the corrections of its trade."""
    subject = invoices.filter(public_id=public_id).first()
    if subject is None:
        return invoices.none()
    if subject.obligation is not None:
        return invoices.filter(obligation__trade_id=subject.obligation.trade_id)
    return invoices.filter(
        cycle_id=subject.cycle_id, purpose=subject.purpose, recipient_id=subject.recipient_id
    )


def visible_intermediary_notices(actor: Actor) -> QuerySet[IntermediaryNotice]:
    """Notices of the actor's organisation, with their withdrawal; all notices for the operator."""
    rows = IntermediaryNotice.objects.filter(withdraws=None).select_related("withdrawal")
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))
