"""Refuse what an exclusive grant excludes, and say why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError

from ..errors import ExclusivelyGranted, GrantedToOthers
from ..exclusive_grants import CONSTRAINTS
from ..models import Agreement
from ..states import AgreementState
from ..terms import Terms


def require_grantable(listing: str, terms: Terms) -> None:
    """Raise ExclusivelyGranted or GrantedToOthers if an agreement in force over the listing excludes one on these terms."""
    in_force = Agreement.objects.filter(listing=listing, state=AgreementState.IN_FORCE)
    if in_force.filter(exclusive=True).exists():
        raise ExclusivelyGranted(listing=listing)
    if terms.rights.exclusive and in_force.exists():
        raise GrantedToOthers(listing=listing)


@contextmanager
def granted_once(listing: str, *, exclusive: bool) -> Iterator[None]:
    """Around the writing of an agreement: what excludes it is said as ``require_grantable`` does, also what is concluded meanwhile.

    Of two that exclude each other the database lets one be written, while the other waits for it.
    """
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if diagnosis is None or diagnosis.constraint_name not in CONSTRAINTS:
            raise
        # The other is exclusive, unless this one is and found others.
        if exclusive and diagnosis.constraint_name == CONSTRAINTS[1]:
            raise GrantedToOthers(listing=listing) from error
        raise ExclusivelyGranted(listing=listing) from error
