"""What the proposals of a negotiation change, in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import BilingualField

RELATIONS = ["equal", "narrower", "wider", "incomparable", "undecided"]


class ChangedTermSerializer(serializers.Serializer[Any]):
    """A term of the rights of use that changed, and whether that alone makes the rights narrower or wider."""

    term = serializers.CharField()
    label = BilingualField()  # type: ignore[assignment]
    before = BilingualField()
    after = BilingualField()
    relation = serializers.ChoiceField(RELATIONS)
    relation_label = BilingualField()


class RightsChangesSerializer(serializers.Serializer[Any]):
    """How rights of use compare with others on the whole, and term by term. The price is no right."""

    relation = serializers.ChoiceField(RELATIONS)
    relation_label = BilingualField()
    terms = ChangedTermSerializer(many=True)


class RoundSerializer(serializers.Serializer[Any]):
    """A proposal compared with the published offer, and with the proposal before it."""

    number = serializers.IntegerField()
    party = serializers.CharField()
    with_offer = RightsChangesSerializer()
    with_last = RightsChangesSerializer(allow_null=True)
