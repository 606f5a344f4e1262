"""The base of event classes: frozen dataclasses of JSON scalars with a type name, a version and a subject.

A field may also be a list of parts: ``tuple[Beneficiary, ...]``, where ``Beneficiary`` is a ``Part``.
"""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, ClassVar

from marketplace.kernel.bounds import INTEGER_MAX

TYPES: dict[str, type[Event]] = {}

SCALARS = (str, int, bool, type(None))


class SchemaError(ValueError):
    """An event's data does not fit its class."""


@dataclasses.dataclass(frozen=True)
class Audience:
    """Who may see the events of a class. The operator sees all of them.

    ``fields``: the fields of the event that hold the public identifiers of the organisations concerned, which see it
    too; a field that is None concerns nobody. ``everyone``: every participant sees it, and it concerns nobody.
    """

    fields: tuple[str, ...] = ()
    everyone: bool = False


OPERATOR_ONLY = Audience()
EVERYONE = Audience(everyone=True)


def seen_by(*fields: str) -> Audience:
    """The audience of an event that concerns the organisations in ``fields``."""
    return Audience(fields=fields)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One element of a list field of an event. Its fields are scalars, like an event's."""

    def __post_init__(self) -> None:
        """Check the type of every field; raises SchemaError, which names the field."""
        _check_fields(self, type(self).__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events. Subclasses set ``type`` (``trade.secured``) and ``subject_field``.

    Fields are strings, integers, booleans, ``None`` of those, or tuples of one ``Part``: public identifiers,
    amounts in minor units, codes and ISO 8601 instants; never personal data. Events of one subject are handled in
    the order of their commits, so events that must stay in order share a subject (all events of one agreement have the
    agreement).

    Every class of the house declares its ``audience``; ``withheld`` names the fields that only the operator sees.
    Whoever may see an event sees the rest of its data, so a field that is the secret of one party is withheld.
    """

    type: ClassVar[str] = ""
    version: ClassVar[int] = 1
    subject_field: ClassVar[str] = ""
    audience: ClassVar[Audience | None] = None
    withheld: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        """Register the type name; raises SchemaError if it is missing or taken."""
        super().__init_subclass__(**options)
        if cls.type in TYPES or not cls.type or not cls.subject_field:
            raise SchemaError(f"{cls.__name__}: an event needs a type of its own and a subject field")
        TYPES[cls.type] = cls

    def __post_init__(self) -> None:
        """Check the type of every field; raises SchemaError, which names the field.

        A member of a text enumeration is converted to its plain value.
        """
        _check_fields(self, self.type)

    @property
    def subject(self) -> str:
        """The public identifier of the event's subject; events of one subject are handled in order."""
        return str(getattr(self, self.subject_field))

    def data(self) -> dict[str, Any]:
        """The payload as a JSON object."""
        return dataclasses.asdict(self)


_FIELDS: dict[type[Any], tuple[tuple[str, Any], ...]] = {}


def _declared_fields(kind: type[Event | Part]) -> tuple[tuple[str, Any], ...]:
    """Names and declared types of the fields of a class, kept: resolving them takes longer than making an event."""
    if kind not in _FIELDS:
        hints = typing.get_type_hints(kind).items()
        _FIELDS[kind] = tuple((name, hint) for name, hint in hints if typing.get_origin(hint) is not ClassVar)
    return _FIELDS[kind]


def _check_fields(instance: Event | Part, path: str) -> None:
    """Check every field of ``instance`` against its declared type; convert JSON objects to parts."""
    for name, hint in _declared_fields(type(instance)):
        value = getattr(instance, name)
        if isinstance(value, str) and type(value) is not str:
            value = str.__str__(value)
            object.__setattr__(instance, name, value)
        if typing.get_origin(hint) is tuple:
            parts = _make_parts(value, typing.get_args(hint)[0], f"{path}.{name}")
            object.__setattr__(instance, name, parts)
            continue
        permitted = typing.get_args(hint) or (hint,)
        if type(value) not in permitted or type(value) not in SCALARS:
            raise SchemaError(f"{path}.{name}: {type(value).__name__} is not {hint}")
        if type(value) is int and not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise SchemaError(f"{path}.{name}: a number of {value.bit_length()} bits exceeds {INTEGER_MAX}")


def _make_parts(value: Any, part: type[Part], path: str) -> tuple[Part, ...]:
    """The elements of a list field as parts, given as parts or as JSON objects; raises SchemaError."""
    if not isinstance(value, (list, tuple)):
        raise SchemaError(f"{path}: {type(value).__name__} is not a list")
    try:
        parts = tuple(part(**item) if isinstance(item, dict) else item for item in value)
    except TypeError as error:
        raise SchemaError(f"{path}: {error}") from error
    if not all(type(item) is part for item in parts):
        raise SchemaError(f"{path}: not every element is a {part.__name__}")
    return parts


def full_type(event: type[Event]) -> str:
    """The CloudEvents type: ``sanpo.trade.secured.v1``."""
    return f"sanpo.{event.type}.v{event.version}"


def participant_data(event: type[Event], data: dict[str, Any]) -> dict[str, Any]:
    """The ``data`` of an event of this class as its participants may see it: without what is withheld."""
    return {name: value for name, value in data.items() if name not in event.withheld}


def parse(type_name: str, data: dict[str, Any]) -> Event:
    """The event of type ``type_name`` with ``data``; raises SchemaError for an unknown type or field."""
    if type_name not in TYPES:
        raise SchemaError(f"unknown event type {type_name}")
    event_class = TYPES[type_name]
    if not isinstance(data, dict):
        raise SchemaError(f"{type_name}: data is {type(data).__name__}, not an object")
    try:
        return event_class(**data)
    except TypeError as error:
        raise SchemaError(f"{type_name}: {error}") from error
