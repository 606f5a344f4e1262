"""Invoices, their corrections, and intermediary notices over HTTP."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer

from ..ground.serializers import PartyField, PartyListSerializer
from .models import IntermediaryNotice, Invoice


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    """An invoice as issued; ``document`` is its printed content.

    ``supplier`` is the seller if the operator issued the invoice as intermediary. ``replaces`` and ``replaced_by`` are
    the numbers of the invoice that this one corrects and of the one that corrected it.
    """

    id = serializers.CharField(source="public_id")
    issuer = PartyField("issuer_id")
    supplier = PartyField("supplier_id")
    recipient = PartyField("recipient_id")
    cycle = serializers.CharField(source="cycle.public_id")
    trade = serializers.CharField(source="obligation.trade.public_id", allow_null=True, default=None)
    replaces = serializers.CharField(source="replaces.number", allow_null=True, default=None)
    replaced_by = serializers.CharField(source="replaced_by.number", allow_null=True, default=None)
    document = serializers.DictField()

    class Meta:
        model = Invoice
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "number", "purpose", "kind", "issuer", "supplier", "recipient", "cycle", "trade",
            "purchase_order", "issued_on", "currency", "net_minor", "tax_minor", "total_minor", "replaces",
            "replaced_by", "correction_reason", "document",
        )  # fmt: skip


class InvoiceChangesSerializer(StrictSerializer):
    """The corrected values. Amounts cannot be corrected here."""

    purchase_order = serializers.CharField(max_length=200, required=False)
    recipient_name_ja = serializers.CharField(max_length=200, required=False)
    recipient_name_en = serializers.CharField(max_length=200, required=False)
    note = serializers.CharField(max_length=1000, required=False)


class CorrectInvoiceSerializer(StrictSerializer):
    """The correction of an invoice and its reason."""

    changes = InvoiceChangesSerializer()
    reason = serializers.CharField(max_length=500)


class IntermediaryNoticeSerializer(serializers.ModelSerializer[IntermediaryNotice]):
    """A seller's notice that the operator issues its invoices, and the day from which it is withdrawn."""

    id = serializers.CharField(source="public_id")
    organisation = PartyField("organisation_id")
    withdrawn_from = serializers.DateField(source="withdrawal.effective_from", allow_null=True, default=None)

    class Meta:
        model = IntermediaryNotice
        list_serializer_class = PartyListSerializer
        fields = ("id", "organisation", "effective_from", "withdrawn_from", "stated_at", "stated_by")


class IntermediaryNoticeDaySerializer(StrictSerializer):
    """The day from which a notice, or its withdrawal, applies: today or later."""

    effective_from = serializers.DateField()
