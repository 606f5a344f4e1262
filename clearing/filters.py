"""How lists of clearing can be narrowed: records of trades are found by date, amount and counterparty."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from marketplace.participants.queries import organisations_by_public_id

from .models import (
    Approval,
    BankEntry,
    Entry,
    Invoice,
    MonthlyStatement,
    NetPosition,
    Obligation,
    Posting,
    SegregationCheck,
    SettlementInstruction,
    Trade,
    TransferFile,
)
from .queries import payments_late_by_law
from .queries.invoices import related_invoices, with_purchase_order
from .states import (
    AccountKind,
    ApprovalState,
    BankMatch,
    Hindrance,
    InstructionState,
    InvoiceKind,
    InvoicePurpose,
    LineKind,
    ObligationKind,
    PaymentPurpose,
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
    """By state, segment, listing, agreement, reference, counterparty, price, moments, and payment late by law."""

    state = filters.ChoiceFilter(choices=TradeState.choices)
    party = PartyFilter("buyer_id", "seller_id")
    price_minor_min = filters.NumberFilter(field_name="price_minor", lookup_expr="gte")
    price_minor_max = filters.NumberFilter(field_name="price_minor", lookup_expr="lte")
    concluded_from = filters.IsoDateTimeFilter(field_name="concluded_at", lookup_expr="gte")
    concluded_before = filters.IsoDateTimeFilter(field_name="concluded_at", lookup_expr="lt")
    accepted_from = filters.IsoDateTimeFilter(field_name="accepted_at", lookup_expr="gte")
    accepted_before = filters.IsoDateTimeFilter(field_name="accepted_at", lookup_expr="lt")
    late_by_law = filters.BooleanFilter(
        method="late", help_text="Made to order, and not paid for within its days."
    )

    class Meta:
        model = Trade
        fields = ("state", "segment", "currency", "listing", "agreement", "reference")

    def late(self, rows: QuerySet[Trade], name: str, value: bool) -> QuerySet[Trade]:  # noqa: FBT001
        """Trades made to order whose seller was to be paid by now and is not, or all others."""
        wanted = Q(pk__in=payments_late_by_law().order_by().values("pk"))
        return rows.filter(wanted) if value else rows.exclude(wanted)


class ObligationFilter(filters.FilterSet):
    """By kind, trade, agreement, cycle, counterparty, amount and moment."""

    kind = filters.ChoiceFilter(choices=ObligationKind.choices)
    trade = filters.CharFilter(field_name="trade__public_id")
    agreement = filters.CharFilter(field_name="trade__agreement")
    cycle = filters.CharFilter(field_name="cycle__public_id")
    party = PartyFilter("debtor_id", "creditor_id")
    amount_minor_min = filters.NumberFilter(field_name="amount_minor", lookup_expr="gte")
    amount_minor_max = filters.NumberFilter(field_name="amount_minor", lookup_expr="lte")
    made_from = filters.IsoDateTimeFilter(field_name="made_at", lookup_expr="gte")
    made_before = filters.IsoDateTimeFilter(field_name="made_at", lookup_expr="lt")

    class Meta:
        model = Obligation
        fields = ("currency",)


class InvoiceFilter(filters.FilterSet):
    """By purpose, kind, number, cycle, trade, counterparty, total, day of issue, order, supplier, and corrections.

    ``related_to`` finds an invoice with what it replaces, what replaced it, and the corrections of its trade.
    """

    purpose = filters.ChoiceFilter(choices=InvoicePurpose.choices)
    kind = filters.ChoiceFilter(choices=InvoiceKind.choices)
    cycle = filters.CharFilter(field_name="cycle__public_id")
    trade = filters.CharFilter(field_name="obligation__trade__public_id")
    party = PartyFilter("issuer_id", "recipient_id", "supplier_id")
    supplier = PartyFilter("supplier_id")
    purchase_order = filters.CharFilter(method="of_order")
    replaces = filters.CharFilter(field_name="replaces__number")
    replaced = filters.BooleanFilter(field_name="replaced_by", lookup_expr="isnull", exclude=True)
    related_to = filters.CharFilter(method="related")
    total_minor_min = filters.NumberFilter(field_name="total_minor", lookup_expr="gte")
    total_minor_max = filters.NumberFilter(field_name="total_minor", lookup_expr="lte")
    issued_from = filters.DateFilter(field_name="issued_on", lookup_expr="gte")
    issued_until = filters.DateFilter(field_name="issued_on", lookup_expr="lte")

    class Meta:
        model = Invoice
        fields = ("purpose", "kind", "number", "currency")

    def of_order(self, rows: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Those that name the buyer's purchase order, as a whole or on a line."""
        return with_purchase_order(rows, value)

    def related(self, rows: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """An invoice, by its identifier, with its corrections."""
        return related_invoices(rows, value)


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


class MonthlyStatementFilter(filters.FilterSet):
    """By month (its first day), currency and, for the operator, participant."""

    month_from = filters.DateFilter(field_name="month", lookup_expr="gte")
    month_until = filters.DateFilter(field_name="month", lookup_expr="lte")
    organisation = PartyFilter("organisation_id")

    class Meta:
        model = MonthlyStatement
        fields = ("month", "currency", "sha256")


class PositionFilter(filters.FilterSet):
    """By cycle and currency."""

    cycle = filters.CharFilter(field_name="cycle__public_id")

    class Meta:
        model = NetPosition
        fields = ("currency",)


class SegregationCheckFilter(filters.FilterSet):
    """By currency, day, and whether it agrees."""

    checked_from = filters.DateFilter(field_name="business_date", lookup_expr="gte")
    checked_until = filters.DateFilter(field_name="business_date", lookup_expr="lte")

    class Meta:
        model = SegregationCheck
        fields = ("currency", "business_date", "agrees")


class TransferFileFilter(filters.FilterSet):
    """By cycle."""

    cycle = filters.CharFilter(field_name="cycle__public_id")

    class Meta:
        model = TransferFile
        fields = ("sha256",)


class InstructionFilter(filters.FilterSet):
    """By state, purpose, cycle, reference, why it is held back, and whether nobody knows what became of it."""

    state = filters.ChoiceFilter(choices=InstructionState.choices)
    purpose = filters.ChoiceFilter(choices=PaymentPurpose.choices)
    held_back = filters.ChoiceFilter(choices=Hindrance.choices)
    cycle = filters.CharFilter(field_name="cycle__public_id")
    lost = filters.BooleanFilter(method="out_of_sight")

    class Meta:
        model = SettlementInstruction
        fields = ("state", "reference", "direction")

    def out_of_sight(
        self,
        rows: QuerySet[SettlementInstruction],
        name: str,
        value: bool,  # noqa: FBT001
    ) -> QuerySet[SettlementInstruction]:
        """Payments unknown for more than a day, or all others."""
        wanted = Q(state=InstructionState.UNKNOWN, alarmed_at__isnull=False)
        return rows.filter(wanted) if value else rows.exclude(wanted)


class ApprovalFilter(filters.FilterSet):
    """By state, command, subject and who asked."""

    state = filters.ChoiceFilter(choices=ApprovalState.choices)

    class Meta:
        model = Approval
        fields = ("state", "command", "subject", "first_person")


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
