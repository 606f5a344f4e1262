"""Fields that several rooms serialise alike: organisations, labels of coded values, what only the operator sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from marketplace.participants.queries import organisations_by_id


def for_operator(context: Any) -> bool:
    """Whether what is written is for the operator's eyes."""
    request = context.get("request")
    return bool(getattr(getattr(request, "user", None), "is_operator", False))


class PartyField(serializers.CharField):
    """The public identifier of the organisation whose key a column holds; all of a response in one query."""

    def __init__(self, source: str) -> None:
        """``source`` is the key column, ``buyer_id``."""
        super().__init__(source=source, read_only=True, allow_null=True)

    def to_representation(self, value: Any) -> str:
        """The public identifier."""
        return _identifiers(self.context, [value])[value]


def _identifiers(context: Any, keys: Iterable[int]) -> dict[int, str]:
    """Public identifiers of organisations, remembered in the context of the response."""
    known: dict[int, str] = context.setdefault("parties", {})
    missing = set(keys) - set(known)
    if missing:
        known.update({key: view.public_id for key, view in organisations_by_id(missing).items()})
    return known


class PartyListSerializer(serializers.ListSerializer[Any]):
    """A list whose organisations are looked up together."""

    def to_representation(self, data: Any) -> Any:
        """Look up every organisation of the page first."""
        rows = list(data)
        child: Any = self.child
        fields = [field for field in child.fields.values() if isinstance(field, PartyField)]
        keys: set[Any] = {field.get_attribute(row) for field in fields for row in rows}
        _identifiers(self.context, keys - {None})
        return super().to_representation(rows)


def label_of(row: Any, field: str) -> dict[str, str]:
    """The words for a coded value of a row, in both languages."""
    choices: dict[str, Any] = dict(row._meta.get_field(field).choices)
    words: dict[str, str] = choices[getattr(row, field)].as_dict()
    return words
