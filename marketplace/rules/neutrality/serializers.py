"""Neutrality bundles and counterfactuals in the API."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer

from .models import Counterfactual, NeutralityBundle


class BundleSerializer(serializers.ModelSerializer[NeutralityBundle]):
    """A bundle without its files. ``sha256`` is of the public file, ``auditors_sha256`` of the auditor's.

    ``failed_at``: it could not be made, and shorter ones cover its days.
    """

    id = serializers.CharField(source="public_id")
    figures = serializers.DictField(allow_null=True)

    class Meta:
        model = NeutralityBundle
        fields = (
            "id",
            "first_day",
            "last_day",
            "asked_at",
            "made_at",
            "failed_at",
            "sha256",
            "auditors_sha256",
            "figures",
        )


class AskForBundleSerializer(StrictSerializer):
    """Days that are over, at most 31, of which no bundle covers one."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()


class CounterfactualSerializer(serializers.ModelSerializer[Counterfactual]):
    """What a counterfactual found, without the organisations: whether a decision followed a name, and by which rules."""

    id = serializers.CharField(source="public_id")
    followed_a_name = serializers.SerializerMethodField()
    rules = serializers.ListField(child=serializers.CharField(), allow_null=True)

    class Meta:
        model = Counterfactual
        fields: tuple[str, ...] = (
            "id",
            "first_day",
            "last_day",
            "asked_at",
            "made_at",
            "followed_a_name",
            "rules",
        )

    def get_followed_a_name(self, row: Counterfactual) -> bool | None:
        """Whether a decision came out otherwise; null until it is made."""
        return None if row.followed is None else bool(row.followed)


class AuditedCounterfactualSerializer(CounterfactualSerializer):
    """A counterfactual for the auditor: the organisations swapped, and the decisions that came out otherwise."""

    followed = serializers.ListField(child=serializers.CharField(), allow_null=True)

    class Meta(CounterfactualSerializer.Meta):
        fields = (
            *CounterfactualSerializer.Meta.fields,
            "first",
            "second",
            "asked_by",
            "decisions",
            "followed",
        )


class AskForCounterfactualSerializer(AskForBundleSerializer):
    """A period that is over, and the two organisations whose identities are swapped in it."""

    first = serializers.CharField(max_length=60)
    second = serializers.CharField(max_length=60)
