"""Strict input serializers, bilingual fields, and the shape of problem details."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from functools import cache
from typing import Any, TypeVar, cast

from django.db.models import Model, TextChoices
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.bounds import YEAR_MAX, YEAR_MIN
from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import WaitsFor

M = TypeVar("M", bound=Model)

UNKNOWN = Label("Unknown field. Remove it.", "この項目は受け付けられません。削除してください。")

FAR_YEAR = Label(
    f"Choose a year from {YEAR_MIN} to {YEAR_MAX}.", f"{YEAR_MIN}年から{YEAR_MAX}年までを指定してください。"
)


class StrictSerializer(serializers.Serializer[Any]):
    """Input of a command; refuses undeclared fields, and days and moments of far years, by name."""

    def to_internal_value(self, data: Any) -> Any:
        """Validate the input; raises ValidationError, which names each unknown field and each far year."""
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {
                        name: [serializers.ErrorDetail(UNKNOWN.localized(), "unknown_field")]
                        for name in unknown
                    }
                )
        known = super().to_internal_value(data)
        far = [
            name
            for name, value in known.items()
            if isinstance(value, date) and not YEAR_MIN <= value.year <= YEAR_MAX
        ]
        if far:
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail(FAR_YEAR.localized(), "far_year")] for name in far}
            )
        return known


class RowSerializer(serializers.ModelSerializer[M]):
    """Output of rows. Its fields are made from the model once in the life of the process, and copied for each use."""

    def get_fields(self) -> dict[str, Any]:
        """The fields by name, in the order of ``Meta.fields``."""
        return deepcopy(_fields_of(type(self)))


@cache
def _fields_of(serializer: type[serializers.ModelSerializer[Any]]) -> dict[str, Any]:
    return serializers.ModelSerializer.get_fields(serializer())


class EmptySerializer(StrictSerializer):
    """A command that takes no input."""


class AmountField(serializers.IntegerField):
    """An amount in minor units that a client states: from 1 to ``kernel.amounts.AMOUNT_MINOR_MAX``."""

    def __init__(self, **options: Any) -> None:
        """Bound the amount; the options are those of an integer."""
        super().__init__(**{"min_value": 1, "max_value": AMOUNT_MINOR_MAX} | options)

    def to_internal_value(self, data: Any) -> int:
        """The amount; raises ValidationError for digits that are not ASCII, which people misread."""
        if isinstance(data, str) and not data.isascii():
            self.fail("invalid")
        amount: int = super().to_internal_value(data)
        return amount


class BilingualField(serializers.DictField):
    """A text in both languages: ``{"ja": …, "en": …}``."""

    child = serializers.CharField(allow_blank=False, max_length=20_000)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Both languages, and nothing else."""
        value: dict[str, str] = super().to_internal_value(data)
        if set(value) != {"ja", "en"}:
            raise serializers.ValidationError("Give the text in both languages, as ja and en.", "bilingual")
        return value


class ChoiceLabelField(BilingualField):
    """The label of a coded value, in both languages; null where there is no value. Read only."""

    def __init__(self, choices: type[TextChoices], **options: Any) -> None:
        """``choices`` must have a Label for every value."""
        self.label_of = {choice.value: cast(Label, choice.label) for choice in choices}
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> dict[str, str]:
        """``{"ja", "en"}``."""
        return self.label_of[value].as_dict()


@extend_schema_field(
    {"oneOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}
)
class MomentField(serializers.CharField):
    """An instant, or a day where only the day counts, in ISO 8601."""


class WaitingSerializer(serializers.Serializer[Any]):
    """Why something waits and who must act; `action` is what they have to do, where they have a choice.

    `until` is when the wait ends at the latest, by itself or by its deadline; null where that is not known.
    """

    code = serializers.CharField()
    label = BilingualField()  # type: ignore[assignment]  # DRF's own attribute
    waits_for = serializers.ChoiceField(choices=WaitsFor.choices)
    action = BilingualField(allow_null=True)
    since = MomentField(allow_null=True)
    until = MomentField(allow_null=True)


class ProblemFieldSerializer(serializers.Serializer[Any]):
    """One invalid field."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457) with the market's stable code and the invalid fields."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    request_id = serializers.CharField(
        required=False, help_text="Tell it to the operator to find the request."
    )
    errors = ProblemFieldSerializer(many=True, required=False)  # type: ignore[assignment]  # DRF's own attribute
