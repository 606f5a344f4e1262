"""Expired tokens and sessions, invitations that nobody accepted, and refused recoveries, that leave."""

from __future__ import annotations

from datetime import datetime

from oauth2_provider.models import clear_expired

from marketplace.kernel.retention import OldRows, by_statement

from .models import Session


def remove_expired(before: datetime) -> int:
    """Delete expired tokens in the library's own batches, and sessions that expired ``before``; returns the sessions."""
    clear_expired()
    return Session.objects.filter(expire_date__lt=before).delete()[0]


OldRows(name="tokens", remove=remove_expired)
OldRows(
    name="unused_invitations",
    remove=by_statement(
        "participants_invitation",
        "state IN ('revoked', 'lapsed') AND ended_at < %(before)s",
        guard="no_delete",
    ),
)


_REFUSED = "state = 'refused' AND ended_at < %(before)s"
_STEPS = [
    by_statement(
        table,
        f"recovery_id IN (SELECT id FROM participants_ownerrecovery WHERE {_REFUSED})",  # noqa: S608  our own words
        guard="no_delete",
    )
    for table in ("participants_recoverycontact", "participants_recoveryevidence")
]
_STEPS.append(by_statement("participants_ownerrecovery", _REFUSED, guard="no_delete"))


def remove_refused_recoveries(before: datetime) -> int:
    """Delete what belongs to recoveries that were refused ``before``, and then these themselves; returns the rows."""
    return next((count for step in _STEPS if (count := step(before))), 0)


OldRows(name="refused_recoveries", remove=remove_refused_recoveries)
