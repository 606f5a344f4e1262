"""Turning a uniqueness that the database holds into the refusal that a participant understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from psycopg import errors as postgres_errors

from marketplace.kernel.errors import DomainError


@contextmanager
def refusing(refusals: Mapping[str, DomainError]) -> Iterator[None]:
    """Write inside; if a uniqueness named in ``refusals`` (by constraint) is broken, raise its refusal instead.

    The database decides, so two writers at the same time cannot both succeed. Nothing of the block is kept.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, postgres_errors.UniqueViolation):
            refusal = refusals.get(cause.diag.constraint_name or "")
            if refusal is not None:
                raise refusal from error
        raise
