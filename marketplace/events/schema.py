"""What an event class is: a frozen dataclass of JSON scalars with a type name, a version and a subject.

A field may also be a list of one flat kind of thing: ``tuple[Beneficiary, ...]``, where ``Beneficiary`` is a ``Part``.
"""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, ClassVar

TYPES: dict[str, type[Event]] = {}

SCALARS = (str, int, bool, type(None))


class SchemaError(ValueError):
    """An event's data does not fit its class."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One of several things of a kind that an event tells of. Its fields are scalars, as an event's are."""

    def __post_init__(self) -> None:
        """Refuse a field whose value is not of its declared type; raises SchemaError naming it."""
        _check_fields(self, type(self).__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events. Subclasses set ``type`` (``trade.secured``) and ``subject_field``.

    Fields are strings, integers, booleans, ``None`` of those, or tuples of one ``Part``: public identifiers,
    amounts in minor units, codes and ISO 8601 instants; never personal data. Events of one subject are handled in
    the order of their commits, so what must stay in order shares a subject (all of one agreement's life has the
    agreement).
    """

    type: ClassVar[str] = ""
    version: ClassVar[int] = 1
    subject_field: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        """Enter the register; a type name is taken once."""
        super().__init_subclass__(**options)
        if cls.type in TYPES or not cls.type or not cls.subject_field:
            raise SchemaError(f"{cls.__name__}: an event needs a type of its own and a subject field")
        TYPES[cls.type] = cls

    def __post_init__(self) -> None:
        """Refuse a field whose value is not of its declared type; raises SchemaError naming it.

        A member of a text enumeration is kept as its plain value.
        """
        _check_fields(self, self.type)

    @property
    def subject(self) -> str:
        """The public identifier that the event is about, and by which it is ordered."""
        return str(getattr(self, self.subject_field))

    def data(self) -> dict[str, Any]:
        """The payload as a JSON object."""
        return dataclasses.asdict(self)


def _check_fields(holder: Event | Part, name_of_holder: str) -> None:
    """Hold every field of ``holder`` to its declared type; parts that come as JSON objects are made."""
    for name, hint in typing.get_type_hints(type(holder)).items():
        if typing.get_origin(hint) is ClassVar:
            continue
        value = getattr(holder, name)
        if isinstance(value, str) and type(value) is not str:
            value = str.__str__(value)
            object.__setattr__(holder, name, value)
        if typing.get_origin(hint) is tuple:
            parts = _parts(value, typing.get_args(hint)[0], f"{name_of_holder}.{name}")
            object.__setattr__(holder, name, parts)
            continue
        permitted = typing.get_args(hint) or (hint,)
        if type(value) not in permitted or type(value) not in SCALARS:
            raise SchemaError(f"{name_of_holder}.{name}: {type(value).__name__} is not {hint}")


def _parts(value: Any, part: type[Part], place: str) -> tuple[Part, ...]:
    """The parts of a list, each of the one kind or the JSON object of one; raises SchemaError."""
    if not isinstance(value, (list, tuple)):
        raise SchemaError(f"{place}: {type(value).__name__} is no list")
    try:
        made = tuple(part(**item) if isinstance(item, dict) else item for item in value)
    except TypeError as error:
        raise SchemaError(f"{place}: {error}") from error
    if not all(type(item) is part for item in made):
        raise SchemaError(f"{place}: not each is a {part.__name__}")
    return made


def full_type(event: type[Event]) -> str:
    """The CloudEvents type: ``sanpo.trade.secured.v1``."""
    return f"sanpo.{event.type}.v{event.version}"


def parse(type_name: str, data: dict[str, Any]) -> Event:
    """The event of short type ``type_name`` with ``data``; raises SchemaError for unknown types or fields."""
    if type_name not in TYPES:
        raise SchemaError(f"unknown event type {type_name}")
    event_class = TYPES[type_name]
    try:
        return event_class(**data)
    except TypeError as error:
        raise SchemaError(f"{type_name}: {error}") from error
