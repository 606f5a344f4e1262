"""Filters for lists of invoices."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from marketplace.api.filters import AmountFilter

from ..ground.filters import PartyFilter
from .models import Invoice
from .queries import related_invoices, with_purchase_order
from .states import InvoiceKind, InvoicePurpose


class InvoiceFilter(filters.FilterSet):
    """By purpose, kind, number, cycle, trade, party, total, day of issue, purchase order, supplier and corrections.

    ``related_to`` finds an invoice, what it replaces, what replaced it, and the corrections of its trade.
    """

    purpose = filters.ChoiceFilter(choices=InvoicePurpose.choices)
    kind = filters.ChoiceFilter(choices=InvoiceKind.choices)
    cycle = filters.CharFilter(field_name="cycle__public_id")
    trade = filters.CharFilter(field_name="obligation__trade__public_id")
    party = PartyFilter("issuer_id", "recipient_id", "supplier_id")
    supplier = PartyFilter("supplier_id")
    purchase_order = filters.CharFilter(method="filter_purchase_order")
    replaces = filters.CharFilter(field_name="replaces__number")
    replaced = filters.BooleanFilter(field_name="replaced_by", lookup_expr="isnull", exclude=True)
    related_to = filters.CharFilter(method="filter_related")
    total_minor_min = AmountFilter(field_name="total_minor", lookup_expr="gte")
    total_minor_max = AmountFilter(field_name="total_minor", lookup_expr="lte")
    issued_from = filters.DateFilter(field_name="issued_on", lookup_expr="gte")
    issued_until = filters.DateFilter(field_name="issued_on", lookup_expr="lte")

    class Meta:
        model = Invoice
        fields = ("purpose", "kind", "number", "currency")

    def filter_purchase_order(self, rows: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Invoices that name the buyer's purchase order, as a whole or on a line."""
        return with_purchase_order(rows, value)

    def filter_related(self, rows: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """An invoice, by its identifier, with its corrections."""
        return related_invoices(rows, value)
