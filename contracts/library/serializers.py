"""Clauses and templates in the API, and the input of their commands."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField, RowSerializer, StrictSerializer

from ..clauses import CLAUSES_MAX, CODE_LENGTH_MAX
from ..states import ContractType
from .demands import DEMANDABLE, DEMANDS_MAX, VALUES_MAX
from .models import Clause, Template
from .parameters import OPTIONS_MAX, PARAMETERS_MAX
from .services import OTHERS_MAX, SEGMENTS_MAX


class ContractClauseSerializer(RowSerializer[Clause]):
    """A published version of a clause. ``parameters`` have a type, and what it needs; ``demands`` are on terms of the contract."""

    id = serializers.CharField(source="public_id")
    heading = BilingualField()
    text = BilingualField()
    parameters = serializers.ListField(child=serializers.DictField())
    demands = serializers.ListField(child=serializers.DictField())

    class Meta:
        model = Clause
        fields = (
            "id", "code", "version", "heading", "text", "parameters", "requires", "excludes", "demands", "survives",
            "digest", "published_at",
        )  # fmt: skip


class ContractTemplateSerializer(RowSerializer[Template]):
    """A published version of a contract template: numbered clauses of the library with the values of their parameters.

    ``segments``: where offers may name it, everywhere if empty. Once the newest version is ``retired``, none may.
    """

    id = serializers.CharField(source="public_id")
    title = BilingualField()
    contract_type_label = ChoiceLabelField(ContractType, source="contract_type")
    clauses = serializers.ListField(child=serializers.DictField())
    segments = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Template
        fields = (
            "id", "code", "version", "contract_type", "contract_type_label", "title", "clauses", "segments", "retired",
            "digest", "published_at",
        )  # fmt: skip


class ClauseParameterSerializer(StrictSerializer):
    """A typed parameter of a clause, which its text names in braces.

    A ``number`` has ``lowest`` and ``highest``, in units of 10 to the power of -``decimals``; a ``choice`` has ``options``; a ``text``
    has ``length_max``; a ``day`` is an ISO 8601 date.
    """

    name = serializers.CharField(max_length=30)
    type = serializers.ChoiceField(choices=("number", "day", "choice", "text"))
    lowest = serializers.IntegerField(required=False)
    highest = serializers.IntegerField(required=False)
    decimals = serializers.IntegerField(required=False)
    options = serializers.ListField(child=serializers.DictField(), required=False, max_length=OPTIONS_MAX)
    length_max = serializers.IntegerField(required=False)
    default = serializers.JSONField(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With the field whose name is a word of the base class."""
        return {**super().get_fields(), "label": BilingualField()}


@extend_schema_field(
    {"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}], "nullable": True}
)
class TermValueField(serializers.JSONField):
    """A value of a term: text, whole number, true, false or null."""


class DemandSerializer(StrictSerializer):
    """What a clause demands of a term: one of the values ``in``, or none of those in ``not_in``."""

    term = serializers.ChoiceField(choices=DEMANDABLE)
    not_in = serializers.ListField(
        child=TermValueField(allow_null=True), required=False, max_length=VALUES_MAX
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With the field whose name is a word of Python."""
        values = serializers.ListField(
            child=TermValueField(allow_null=True), required=False, max_length=VALUES_MAX
        )
        return {**super().get_fields(), "in": values}


class PublishContractClauseSerializer(StrictSerializer):
    """A clause of the library, or its next version."""

    code = serializers.CharField(max_length=CODE_LENGTH_MAX)
    heading = BilingualField()
    text = BilingualField()
    parameters = ClauseParameterSerializer(many=True, required=False, max_length=PARAMETERS_MAX)  # type: ignore[call-arg]  # the stubs lack it
    requires = serializers.ListField(
        child=serializers.CharField(max_length=CODE_LENGTH_MAX), required=False, max_length=OTHERS_MAX
    )
    excludes = serializers.ListField(
        child=serializers.CharField(max_length=CODE_LENGTH_MAX), required=False, max_length=OTHERS_MAX
    )
    demands = DemandSerializer(many=True, required=False, max_length=DEMANDS_MAX)  # type: ignore[call-arg]  # the stubs lack it
    survives = serializers.BooleanField(required=False)


class ChosenClauseSerializer(StrictSerializer):
    """A clause of the library, by its code: the newest version unless one is stated, with the values of its parameters."""

    clause = serializers.CharField(max_length=CODE_LENGTH_MAX)
    version = serializers.IntegerField(required=False, min_value=1)
    values = serializers.DictField(required=False)


class PublishContractTemplateSerializer(StrictSerializer):
    """A contract template, or its next version: clauses of the library in the order of the articles."""

    code = serializers.CharField(max_length=CODE_LENGTH_MAX)
    contract_type = serializers.ChoiceField(choices=ContractType.choices, default=ContractType.PROVISION)
    title = BilingualField()
    clauses = ChosenClauseSerializer(many=True, allow_empty=False, max_length=CLAUSES_MAX)  # type: ignore[call-arg]  # the stubs lack it
    segments = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=SEGMENTS_MAX
    )
    retired = serializers.BooleanField(required=False)


class SpecialClauseSerializer(StrictSerializer):
    """A special clause (特約): a clause of the library with ``version`` and ``values``, or ``heading`` and ``text``, free text that is not
    machine-readable. Free text may not touch price, access, acceptance, dates or the end: it states no amount, date or period, and the
    plan of the agreement prevails over it.
    """

    clause = serializers.CharField(max_length=CODE_LENGTH_MAX, required=False)
    version = serializers.IntegerField(required=False, min_value=1)
    values = serializers.DictField(required=False)
    heading = BilingualField(required=False)
    text = BilingualField(required=False)
