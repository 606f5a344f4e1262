"""Funds regimes and daily checks of clients' money."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, StrictSerializer

from ..models import FundsRegime, SegregationCheck
from ..models.safeguarding import IDLE_DAYS_MAX
from ..states import FundsRegimeKind
from .parties import label_of


class FundsRegimeSerializer(serializers.ModelSerializer[FundsRegime]):
    """By what right the market holds participants' money, from when on."""

    id = serializers.CharField(source="public_id")
    regime_label = serializers.SerializerMethodField()

    class Meta:
        model = FundsRegime
        fields = (
            "id", "currency", "regime", "regime_label", "legal_reference", "registration_number",
            "balance_cap_minor", "idle_days", "cross_border_allowed", "cross_border_basis", "effective_from",
            "declared_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_regime_label(self, regime: FundsRegime) -> dict[str, str]:
        """The regime in words."""
        return label_of(regime, "regime")


class DeclareFundsRegimeSerializer(StrictSerializer):
    """What the operator has settled about the money it holds; a basis is stated exactly if paying abroad is allowed."""

    currency = serializers.CharField(min_length=3, max_length=3)
    regime = serializers.ChoiceField(choices=FundsRegimeKind.values)
    legal_reference = serializers.CharField(max_length=500)
    registration_number = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    balance_cap_minor = serializers.IntegerField(min_value=1, max_value=10**15)
    idle_days = serializers.IntegerField(min_value=1, max_value=IDLE_DAYS_MAX, required=False, default=5)
    cross_border_allowed = serializers.BooleanField(required=False, default=False)
    cross_border_basis = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    effective_from = serializers.DateTimeField(required=False, default=None, allow_null=True)


class SegregationCheckSerializer(serializers.ModelSerializer[SegregationCheck]):
    """One daily check: what is at the bank by the ledger and by the bank itself, and whose it is."""

    id = serializers.CharField(source="public_id")
    statement = serializers.CharField(source="statement.public_id", allow_null=True, default=None)

    class Meta:
        model = SegregationCheck
        fields = (
            "id", "currency", "business_date", "since", "bank_minor", "owed_minor", "operator_minor", "statement",
            "stated_minor", "stated_difference_minor", "agrees", "checked_at",
        )  # fmt: skip
