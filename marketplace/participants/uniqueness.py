"""Turn a violated unique constraint into a domain error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from psycopg import errors as postgres_errors

from marketplace.kernel.errors import DomainError


@contextmanager
def translate_duplicates(refusals: Mapping[str, DomainError]) -> Iterator[None]:
    """A savepoint: if a unique constraint named in ``refusals`` is violated inside, raise its error and roll back.

    The database decides, so two concurrent writers cannot both succeed.
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
