"""Refusals that leave something on record although everything else of the command is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from .errors import DomainError


class RefusalOnRecord(DomainError):
    """A refusal of which a record must stay, such as that somebody asked and another person is now needed.

    ``record`` writes it, in a transaction of its own, and returns fields of the refusal as they then stand. Written
    twice it writes nothing more.
    """

    def __init__(self, *, record: Callable[[], Mapping[str, Any]], **fields: Any) -> None:
        """Keep what is to be written until what was refused has been rolled back."""
        super().__init__(**fields)
        self._record = record

    def put_on_record(self) -> None:
        """Write the record, and read its fields into this refusal."""
        self.fields = {**self.fields, **self._record()}
        self.message = self.detail.fill(self.fields)


@contextmanager
def keeping_refusals() -> Iterator[None]:
    """A transaction, as ``transaction.atomic``, out of which a RefusalOnRecord comes with its record written.

    Whoever opens a transaction around commands that may refuse so uses this: where such transactions are nested,
    each writes the record anew after its own rollback, so it stands however far the refusal travels.
    """
    try:
        with transaction.atomic():
            yield
    except RefusalOnRecord as refusal:
        refusal.put_on_record()
        raise
