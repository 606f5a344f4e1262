"""Journal entries and where their money came from and went; balances at a moment; closed months."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.principal import actor_of
from marketplace.api.serializers import BilingualField, StrictSerializer

from ..models import Entry, LedgerPeriod, Obligation
from ..queries import postings_of, walk
from .ledger import StatementLineSerializer
from .parties import PartyField, PartyListSerializer, label_of


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """One journal entry."""

    id = serializers.CharField(source="public_id")
    kind_label = serializers.SerializerMethodField()
    organisation = PartyField("organisation_id")
    trade = serializers.CharField(source="trade.public_id", allow_null=True, default=None)
    cycle = serializers.CharField(source="cycle.public_id", allow_null=True, default=None)

    class Meta:
        model = Entry
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "kind", "kind_label", "reference", "description", "business_date", "booked_at", "recorded_at",
            "organisation", "trade", "cycle",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_kind_label(self, entry: Entry) -> dict[str, str]:
        """What the entry records, in words."""
        return label_of(entry, "kind")


class WalkedEntrySerializer(EntrySerializer):
    """An entry with its postings, ``back`` to trade, agreement and evidence, and ``forward`` to the bank."""

    postings = serializers.SerializerMethodField()
    walk = serializers.SerializerMethodField()

    class Meta(EntrySerializer.Meta):
        fields = (*EntrySerializer.Meta.fields, "postings", "walk")  # type: ignore[assignment]

    @extend_schema_field(StatementLineSerializer(many=True))
    def get_postings(self, entry: Entry) -> Any:
        """The postings on accounts that the caller may see."""
        rows = postings_of(entry, actor_of(self.context["request"]))
        return StatementLineSerializer(rows, many=True, context=self.context).data

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_walk(self, entry: Entry) -> dict[str, Any]:
        """Where the money came from and where it went."""
        return walk(entry)


class BehindLineSerializer(serializers.ModelSerializer[Obligation]):
    """One obligation behind a line of a cycle's entry. ``amount_minor`` is without ``tax_minor``."""

    trade = serializers.CharField(source="trade.public_id")
    agreement = serializers.CharField(source="trade.agreement")
    business_key = serializers.CharField(source="trade.business_key")
    debtor = PartyField("debtor_id")
    creditor = PartyField("creditor_id")

    class Meta:
        model = Obligation
        list_serializer_class = PartyListSerializer
        fields = (
            "kind", "trade", "agreement", "business_key", "debtor", "creditor", "amount_minor", "tax_minor",
            "tax_rate_bp", "currency", "legal_basis", "made_at",
        )  # fmt: skip


class BalancesSerializer(serializers.Serializer[Any]):
    """What a participant has, or had ``at`` a moment: amounts by kind of account, as it reads them."""

    organisation = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    balances = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))


class LedgerPeriodSerializer(serializers.ModelSerializer[LedgerPeriod]):
    """A closed month with the trial balances as of its last day."""

    id = serializers.CharField(source="public_id")
    trial_balances = serializers.DictField()

    class Meta:
        model = LedgerPeriod
        fields = ("id", "month", "entries", "trial_balances", "sha256", "closed_by", "closed_at")


class ClosePeriodSerializer(StrictSerializer):
    """The month to close, by any of its days."""

    month = serializers.DateField()
