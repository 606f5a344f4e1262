"""Which documents a cycle leads to, and which of them are issued: one answer for issuing, progress and search."""

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
    """The obligations of a cycle (or an expression for its key) that stand on these documents.

    What is deferred into the cycle was invoiced in its own. A price of nothing is invoiced, a fee of nothing is not.
    """
    wanted = Q()
    for document in map(Document, documents):
        amounts = Q(amount_minor__gt=0) if document in AGGREGATED_DOCUMENTS else Q()
        wanted |= Q(amounts, kind__in=KINDS_OF_DOCUMENT[document])
    return Obligation.objects.filter(wanted, cycle=cycle, deferred_from=None)


def first_invoices(cycle: Cycle) -> QuerySet[Invoice]:
    """The invoices that issuing made for a cycle, each once: not what replaces one of them."""
    return Invoice.objects.filter(cycle=cycle, replaces=None)


def documents_expected(cycle: Cycle) -> int:
    """How many documents issuing makes for a cycle as it stands; once all are out, as many as are issued."""
    expected = invoiced_obligations(cycle, *OBLIGATION_DOCUMENTS).count()
    for document, participant in AGGREGATED_DOCUMENTS.items():
        expected += invoiced_obligations(cycle, document).values(participant).distinct().count()
    return expected


def documents_issued(cycle: Cycle) -> int:
    """How many of them are issued."""
    return first_invoices(cycle).count()
