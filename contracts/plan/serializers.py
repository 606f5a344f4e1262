"""Plans in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import BilingualField


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
