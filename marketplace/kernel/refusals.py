"""Refusals that leave a record although the rest of the command is rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from .errors import DomainError


class RecordedRefusal(DomainError):
    """A refusal that must leave a record, for example that a command now waits for a second person.

    ``record`` writes the record in its own transaction and returns the current fields of the refusal. It is
    idempotent.
    """

    def __init__(self, *, record: Callable[[], Mapping[str, Any]], **fields: Any) -> None:
        """Store ``record`` until the refused command has been rolled back."""
        super().__init__(**fields)
        self._record = record

    def write_record(self) -> None:
        """Write the record and update the fields of this refusal from it."""
        self.fields = {**self.fields, **self._record()}
        self.message = self.detail.fill(self.fields)


@contextmanager
def record_refusals() -> Iterator[None]:
    """A transaction like ``transaction.atomic`` that writes the record of a RecordedRefusal after rolling back.

    Use it for every transaction around a command that may raise a RecordedRefusal. When nested, each writes the record
    again after its own rollback, so the record survives the outermost rollback.
    """
    try:
        with transaction.atomic():
            yield
    except RecordedRefusal as refusal:
        refusal.write_record()
        raise
