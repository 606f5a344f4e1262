"""The documents that a cycle requires and those that are issued, for issuing, progress and search."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from ..cycles.models import Cycle
from ..trades.models import Obligation
from ..trades.obligation_kinds import (
    AGGREGATED_DOCUMENTS,
    KINDS_OF_DOCUMENT,
    OBLIGATION_DOCUMENTS,
    Document,
)
from .models import Invoice


def invoiced_obligations(cycle: Any, *documents: str) -> QuerySet[Obligation]:
    """The obligations of a cycle (its key, or an expression for it) that these documents list.

    Obligations deferred into the cycle were invoiced in the cycle that made them. A price of zero is invoiced, a fee of
    zero is not.
    """
    wanted = Q()
    for document in map(Document, documents):
        amounts = Q(amount_minor__gt=0) if document in AGGREGATED_DOCUMENTS else Q()
        wanted |= Q(amounts, kind__in=KINDS_OF_DOCUMENT[document])
    return Obligation.objects.filter(wanted, cycle=cycle, deferred_from=None)


def first_invoices(cycle: Cycle) -> QuerySet[Invoice]:
    """The invoices first issued for a cycle, without the invoices that replace them."""
    return Invoice.objects.filter(cycle=cycle, replaces=None)


def documents_expected(cycle: Cycle) -> int:
    """Number of documents that the cycle requires now; once all are issued, the number of issued ones."""
    expected = invoiced_obligations(cycle, *OBLIGATION_DOCUMENTS).count()
    for document, participant in AGGREGATED_DOCUMENTS.items():
        expected += invoiced_obligations(cycle, document).values(participant).distinct().count()
    return expected


def documents_issued(cycle: Cycle) -> int:
    """Number of them that are issued."""
    return first_invoices(cycle).count()
