"""Strict input serializers, bilingual fields, and the shape of problem details."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, cast

from django.db.models import Model, TextChoices
from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.days import FAR_YEAR, is_far
from marketplace.kernel.labels import Label
from marketplace.kernel.texts import is_visible
from marketplace.kernel.waiting import WaitsFor

M = TypeVar("M", bound=Model)

LISTS = (serializers.ListField, serializers.ListSerializer)
DIGITS = (serializers.IntegerField, serializers.DateField, serializers.DateTimeField)

UNKNOWN = Label("Unknown field. Remove it.", "この項目は受け付けられません。削除してください。")
REPEATED = Label(
    "Send this field once: it is not known which value counts.",
    "この項目は一度だけ送信してください。複数の値のどれが有効か判断できません。",
)
INVISIBLE = Label(
    "Write something that others can see.", "空白や表示されない文字だけでなく、読める文字を入力してください。"
)
TOO_LONG = Label("Give at most {count} elements.", "要素は{count}個以内にしてください。")

NOT_ASCII = Label("Write it with the digits 0 to 9.", "半角の数字で入力してください。")

WITH_ZONE = "With its time zone."
NO_ZONE = Label(
    "Write the date and time with its zone, such as 2026-12-08T15:00:00+09:00.",
    "時差付きの日時（例: 2026-12-08T15:00:00+09:00）で指定してください。",
)


class StrictSerializer(serializers.Serializer[Any]):
    """Input of a command; refuses by name undeclared and repeated fields, too long lists, days of far years, and texts that show
    nothing: what others shall read, such as a reason. Numbers, days and moments have ASCII digits.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Validate the input; raises ValidationError, which names each field that is refused."""
        if isinstance(data, dict):
            _refuse(sorted(set(data) - set(self.fields)), UNKNOWN, "unknown_field")
            self._refuse_repeated(data)
            self._refuse_long(data)
            self._refuse_digits(data)
        known = super().to_internal_value(data)
        far = [name for name, value in known.items() if isinstance(value, date) and is_far(value)]
        _refuse(far, FAR_YEAR, "far_year")
        _refuse([name for name, value in known.items() if _shows_nothing(value)], INVISIBLE, "invisible")
        return known

    def _refuse_repeated(self, data: dict[str, Any]) -> None:
        """Of a form's field that is no list, Django would take the last value in silence."""
        if isinstance(data, MultiValueDict):
            single = [name for name, field in self.fields.items() if not isinstance(field, LISTS)]
            _refuse([name for name in single if len(data.getlist(name)) > 1], REPEATED, "repeated_field")

    def _refuse_digits(self, data: dict[str, Any]) -> None:
        """Digits that are not ASCII, which Python takes and people misread."""
        counted = [name for name, field in self.fields.items() if isinstance(field, DIGITS)]
        _refuse([name for name in counted if not _is_ascii(data.get(name))], NOT_ASCII, "invalid")

    def _refuse_long(self, data: dict[str, Any]) -> None:
        """Before a list's elements are validated, of which each may cost an error; DRF counts them afterwards."""
        for name, field in self.fields.items():
            longest = getattr(field, "max_length", None) if isinstance(field, LISTS) else None
            given = data.get(name)
            if longest is not None and isinstance(given, list) and len(given) > longest:
                _refuse([name], TOO_LONG.fill({"count": longest}), "max_length")


def _is_ascii(value: Any) -> bool:
    return not isinstance(value, str) or value.isascii()


def _shows_nothing(value: Any) -> bool:
    """Whether it is a text, or one of a text in both languages, that is stated and shows nothing."""
    texts = value.values() if isinstance(value, dict) and set(value) == {"ja", "en"} else [value]
    return any(isinstance(text, str) and text != "" and not is_visible(text) for text in texts)


def _refuse(names: list[str], reason: Label, code: str) -> None:
    """Raise ValidationError that names these fields, if there are any."""
    if names:
        detail = serializers.ErrorDetail(reason.localized(), code)
        raise serializers.ValidationError({name: [detail] for name in names})


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


class InstantField(serializers.DateTimeField):
    """A date and time that a client states, with its zone: without one, nobody knows which moment is meant (RFC 3339)."""

    def __init__(self, **options: Any) -> None:
        """The description says that a zone is needed; the options are those of a date and time."""
        options["help_text"] = " ".join(filter(None, (options.get("help_text"), WITH_ZONE)))
        super().__init__(**options)

    def enforce_timezone(self, value: datetime) -> datetime:
        """The moment in UTC; raises ValidationError for one without a zone, which REST framework would take as UTC."""
        if value.tzinfo is None:
            raise serializers.ValidationError(NO_ZONE.localized(), "no_zone")
        moment: datetime = super().enforce_timezone(value)
        return moment


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
    errors_left_out = serializers.IntegerField(
        required=False, help_text="So many invalid fields are not among `errors`."
    )
