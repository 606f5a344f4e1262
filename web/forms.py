"""Forms of pages: the input of a command, read by its serializer, and what a service refuses, as texts for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.serializers import Serializer

from marketplace.api.problems import flatten_errors
from marketplace.kernel.errors import DomainError


class Refused(Exception):
    """The input of a form is refused. ``errors`` are texts for people."""

    def __init__(self, errors: list[str]) -> None:
        """Keep the texts."""
        super().__init__("; ".join(errors))
        self.errors = errors


def validated(kind: type[Serializer[Any]], data: dict[str, Any]) -> dict[str, Any]:
    """The input of a command; raises Refused with each invalid field."""
    serializer = kind(data=data)
    if serializer.is_valid():
        return dict(serializer.validated_data)
    raise Refused([f"{field}: {text}" for field, text in flatten_errors(serializer)])


def done(command: Callable[[], Any]) -> Any:
    """What a service returns; raises Refused where it refuses."""
    try:
        return command()
    except DomainError as error:
        raise Refused([error.message.localized()]) from None
