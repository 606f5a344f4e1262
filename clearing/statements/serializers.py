"""Monthly statements and drafts over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer
from marketplace.kernel.amounts import TOTAL_MINOR_MAX

from ..ground.serializers import PartyField, PartyListSerializer
from .certificate_models import BalanceCertificate
from .models import MonthlyStatement


class MonthlyStatementSerializer(serializers.ModelSerializer[MonthlyStatement]):
    """A monthly statement in a list. ``signature`` is the market's compact JWS over ``sha256`` and the owner."""

    id = serializers.CharField(source="public_id")
    organisation = PartyField("organisation_id")
    number = serializers.CharField(source="document.number")

    class Meta:
        model = MonthlyStatement
        list_serializer_class = PartyListSerializer
        fields = ("id", "number", "organisation", "currency", "month", "sha256", "signature", "made_at")


class FullStatementSerializer(MonthlyStatementSerializer):
    """A monthly statement with its document; ``sha256`` is of the canonical JSON (RFC 8785) of ``document``."""

    document = serializers.DictField()

    class Meta(MonthlyStatementSerializer.Meta):
        fields = (*MonthlyStatementSerializer.Meta.fields, "document")  # type: ignore[assignment]


class DraftStatementSerializer(serializers.Serializer[dict[str, object]]):
    """The draft statement of the running month."""

    draft = serializers.BooleanField()
    document = serializers.DictField()


class BalanceCertificateSerializer(serializers.ModelSerializer[BalanceCertificate]):
    """A certificate of balance; ``difference_minor`` is the bank's figure less the ledger's when it was recorded."""

    id = serializers.CharField(source="public_id")
    difference_minor = serializers.IntegerField()

    class Meta:
        model = BalanceCertificate
        fields = (
            "id", "currency", "month", "balance_minor", "ledger_minor", "difference_minor", "reference",
            "document_sha256", "stated_by", "stated_at",
        )  # fmt: skip


class RecordCertificateSerializer(StrictSerializer):
    """What the bank certifies for the end of a month (any of its days), the document's name and the SHA-256 of its file."""

    currency = serializers.CharField(max_length=3)
    month = serializers.DateField()
    balance_minor = serializers.IntegerField(min_value=-TOTAL_MINOR_MAX, max_value=TOTAL_MINOR_MAX)
    reference = serializers.CharField(max_length=200)
    document_sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class ReconciliationSerializer(serializers.Serializer[Any]):
    """The books of a month beside the bank, in minor units.

    ``by_value_minor``: the ledger's balance of the client account by the bank's booking dates; ``by_accounting_minor``: by
    the days of import; ``late`` entries, ``late_minor`` in sum, make the difference. ``stated_minor``: the closing balance
    of the last bank statement that ends within the month, on ``stated_on``. ``agrees``: the newest certificate of the
    month has the ledger's balance.
    """

    currency = serializers.CharField()
    month = serializers.DateField()
    until = serializers.DateField()
    by_value_minor = serializers.IntegerField(source="ledger.by_value_minor")
    by_accounting_minor = serializers.IntegerField(source="ledger.by_accounting_minor")
    late = serializers.IntegerField(source="ledger.late")
    late_minor = serializers.IntegerField(source="ledger.late_minor")
    stated_on = serializers.DateField(allow_null=True)
    stated_minor = serializers.IntegerField(allow_null=True)
    certificate = BalanceCertificateSerializer(allow_null=True)
    agrees = serializers.BooleanField()
