"""Plans in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField

from .models import Instrument
from .plan import plan_of


@extend_schema_field(serializers.DictField())
class SignedPlanField(serializers.Field[Instrument, Any, Any, Any]):
    """The plan that both sides signed, from the instrument: the only thing that is executed."""

    def __init__(self, **kwargs: Any) -> None:
        """Read only."""
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Instrument) -> dict[str, Any]:
        """The plan in JSON."""
        return plan_of(value.said).as_dict()


class PlanRefusalSerializer(serializers.Serializer[Any]):
    """The term that cannot be carried out by now, and why."""

    field = serializers.CharField()
    detail = BilingualField()


class PlanSerializer(serializers.Serializer[Any]):
    """How an agreement is carried out: the ``plan`` that is signed and executed, and the same in words, one line each.

    ``refusal`` names the term that cannot be carried out if it were concluded now; with it nobody can sign.
    """

    version = serializers.CharField()
    plan = serializers.DictField()
    words = serializers.ListField(child=BilingualField())
    refusal = PlanRefusalSerializer(allow_null=True)
