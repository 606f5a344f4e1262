"""Profiles and measurements in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField

from .models import Measurement, Profile
from .states import Characteristic


class MeasurementSerializer(serializers.ModelSerializer[Measurement]):
    """One quality characteristic: its value between 0 and 1, and its formula."""

    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    formula = BilingualField()

    class Meta:
        model = Measurement
        fields = ("characteristic", "label", "value", "unit", "formula")

    @extend_schema_field(BilingualField)
    def get_label(self, measurement: Measurement) -> dict[str, str]:
        """The name of the characteristic."""
        words: dict[str, str] = Characteristic(measurement.characteristic).label.as_dict()  # type: ignore[attr-defined]
        return words


class ProfileSerializer(serializers.ModelSerializer[Profile]):
    """The quality profile of a version. ``unmeasured``: characteristics that could not be measured."""

    id = serializers.CharField(source="public_id")
    listing_version = serializers.CharField(source="listing_version_id")
    files = serializers.ListField(child=serializers.DictField())
    personal_data = serializers.ListField(child=serializers.DictField())
    measurements = MeasurementSerializer(many=True)
    unmeasured = serializers.SerializerMethodField()

    class Meta:
        model = Profile
        fields = (
            "id",
            "listing_version",
            "measured_at",
            "tabular",
            "row_count",
            "k_anonymity",
            "measurements",
            "unmeasured",
            "files",
            "personal_data",
        )

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_unmeasured(self, profile: Profile) -> list[str]:
        """Codes of the characteristics without a value."""
        measured = {measurement.characteristic for measurement in profile.measurements.all()}
        return [code for code in Characteristic.values if code not in measured]


class PersonalDataRuleSerializer(serializers.Serializer[Any]):
    """A published rule for detecting traces of personal data."""

    code = serializers.CharField()
    label = BilingualField()  # type: ignore[assignment]
    strong = serializers.BooleanField()
    method = BilingualField()


class MeasureSerializer(serializers.Serializer[Any]):
    """A published measure: characteristic, name and formula."""

    characteristic = serializers.CharField()
    label = BilingualField()  # type: ignore[assignment]
    formula = BilingualField()


class MethodSerializer(serializers.Serializer[Any]):
    """The market's measures, and its rules for detecting traces of personal data."""

    measures = MeasureSerializer(many=True)
    personal_data_rules = PersonalDataRuleSerializer(many=True)
