"""How lists of clearing can be narrowed: records of trades are found by date, amount and counterparty."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from marketplace.participants.queries import organisations_by_public_id

from .models import (
    BankEntry,
    Entry,
    Invoice,
    NetPosition,
    Posting,
    SettlementInstruction,
    Trade,
    TransferFile,
)
from .states import (
    AccountKind,
    BankMatch,
    InstructionState,
    InvoiceKind,
    InvoicePurpose,
    LineKind,
    TradeState,
)


class PartyFilter(filters.CharFilter):
    """Rows in which an organisation, by its public identifier, stands in one of some key columns."""

    def __init__(self, *columns: str) -> None:
        """``columns``: key columns, ``buyer_id``."""
        self.columns = columns
        super().__init__()

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Narrow; nobody of that identifier finds nothing."""
        if not value:
            return rows
        found = organisations_by_public_id([value])
        key = found[value].id if value in found else 0
        wanted = Q()
        for column in self.columns:
            wanted |= Q(**{column: key})
        return rows.filter(wanted)


class TradeFilter(filters.FilterSet):
    """By state, segment, listing, agreement, reference, counterparty, price and moment of conclusion."""

    state = filters.ChoiceFilter(choices=TradeState.choices)
    party = PartyFilter("buyer_id", "seller_id")
    price_minor_min = filters.NumberFilter(field_name="price_minor", lookup_expr="gte")
    price_minor_max = filters.NumberFilter(field_name="price_minor", lookup_expr="lte")
    concluded_from = filters.IsoDateTimeFilter(field_name="concluded_at", lookup_expr="gte")
    concluded_before = filters.IsoDateTimeFilter(field_name="concluded_at", lookup_expr="lt")

    class Meta:
        model = Trade
        fields = ("state", "segment", "currency", "listing", "agreement", "reference")


class InvoiceFilter(filters.FilterSet):
    """By purpose, kind, number, cycle, counterparty, total and day of issue."""

    purpose = filters.ChoiceFilter(choices=InvoicePurpose.choices)
    kind = filters.ChoiceFilter(choices=InvoiceKind.choices)
    cycle = filters.CharFilter(field_name="cycle__public_id")
    party = PartyFilter("issuer_id", "recipient_id")
    total_minor_min = filters.NumberFilter(field_name="total_minor", lookup_expr="gte")
    total_minor_max = filters.NumberFilter(field_name="total_minor", lookup_expr="lte")
    issued_from = filters.DateFilter(field_name="issued_on", lookup_expr="gte")
    issued_until = filters.DateFilter(field_name="issued_on", lookup_expr="lte")

    class Meta:
        model = Invoice
        fields = ("purpose", "kind", "number")


class StatementLineFilter(filters.FilterSet):
    """By account, kind of account, line, cycle, trade and business day."""

    account = filters.CharFilter(field_name="account__public_id")
    account_kind = filters.ChoiceFilter(field_name="account__kind", choices=AccountKind.choices)
    line = filters.ChoiceFilter(choices=LineKind.choices)
    cycle = filters.CharFilter(field_name="entry__cycle__public_id")
    trade = filters.CharFilter(field_name="trade__public_id")
    booked_from = filters.DateFilter(field_name="entry__business_date", lookup_expr="gte")
    booked_until = filters.DateFilter(field_name="entry__business_date", lookup_expr="lte")

    class Meta:
        model = Posting
        fields = ("line", "currency")


class EntryFilter(filters.FilterSet):
    """By kind, cycle, trade, participant and business day."""

    cycle = filters.CharFilter(field_name="cycle__public_id")
    trade = filters.CharFilter(field_name="trade__public_id")
    party = PartyFilter("organisation_id")
    booked_from = filters.DateFilter(field_name="business_date", lookup_expr="gte")
    booked_until = filters.DateFilter(field_name="business_date", lookup_expr="lte")

    class Meta:
        model = Entry
        fields = ("kind", "reference")


class PositionFilter(filters.FilterSet):
    """By cycle and currency."""

    cycle = filters.CharFilter(field_name="cycle__public_id")

    class Meta:
        model = NetPosition
        fields = ("currency",)


class TransferFileFilter(filters.FilterSet):
    """By cycle."""

    cycle = filters.CharFilter(field_name="cycle__public_id")

    class Meta:
        model = TransferFile
        fields = ("sha256",)


class InstructionFilter(filters.FilterSet):
    """By state, cycle and reference."""

    state = filters.ChoiceFilter(choices=InstructionState.choices)
    cycle = filters.CharFilter(field_name="cycle__public_id")

    class Meta:
        model = SettlementInstruction
        fields = ("state", "reference", "direction")


class BankEntryFilter(filters.FilterSet):
    """By what it was recognised as, and whether the operator still has to say whose it is."""

    match = filters.ChoiceFilter(choices=BankMatch.choices)
    waits_for_operator = filters.BooleanFilter(method="waiting")

    class Meta:
        model = BankEntry
        fields = ("match", "direction", "entry_reference")

    def waiting(self, rows: QuerySet[BankEntry], name: str, value: bool) -> QuerySet[BankEntry]:  # noqa: FBT001
        """Bookings that are not recognised and not allocated, or all others."""
        wanted = Q(match=BankMatch.UNALLOCATED, allocation=None)
        return rows.filter(wanted) if value else rows.exclude(wanted)
