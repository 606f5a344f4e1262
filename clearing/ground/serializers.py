"""Fields that several rooms serialise: organisations, labels of coded values, fields for the operator only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from marketplace.participants.queries import organisations_by_id


def for_operator(context: Any) -> bool:
    """Whether the operator reads the response."""
    request = context.get("request")
    return bool(getattr(getattr(request, "user", None), "is_operator", False))


class PartyField(serializers.CharField):
    """Public identifier of the organisation in a key column; a response looks all of them up in one query."""

    def __init__(self, source: str) -> None:
        """``source``: name of the key column, such as ``buyer_id``."""
        super().__init__(source=source, read_only=True, allow_null=True)

    def to_representation(self, value: Any) -> str:
        """The public identifier."""
        return _identifiers(self.context, [value])[value]


def _identifiers(context: Any, keys: Iterable[int]) -> dict[int, str]:
    """Public identifiers of organisations, cached in the context of the response."""
    known: dict[int, str] = context.setdefault("parties", {})
    missing = set(keys) - set(known)
    if missing:
        known.update({key: view.public_id for key, view in organisations_by_id(missing).items()})
    return known


class PartyListSerializer(serializers.ListSerializer[Any]):
    """A list that looks up all its organisations in one query."""

    def to_representation(self, data: Any) -> Any:
        """Look up the organisations of the page, then serialise its rows."""
        rows = list(data)
        child: Any = self.child
        fields = [field for field in child.fields.values() if isinstance(field, PartyField)]
        keys: set[Any] = {field.get_attribute(row) for field in fields for row in rows}
        _identifiers(self.context, keys - {None})
        return super().to_representation(rows)


def label_of(row: Any, field: str) -> dict[str, str]:
    """Label of a coded value of a row, in both languages."""
    choices: dict[str, Any] = dict(row._meta.get_field(field).choices)
    words: dict[str, str] = choices[getattr(row, field)].as_dict()
    return words
