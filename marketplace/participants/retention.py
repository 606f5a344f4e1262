"""Expired tokens and sessions, invitations that nobody accepted, and refused recoveries, that leave."""

from __future__ import annotations

from datetime import datetime

from oauth2_provider.models import clear_expired

from marketplace.kernel.retention import HeldRows, OldRows, by_statement

from .models import Session


def remove_expired(before: datetime) -> int:
    """Delete expired tokens in the library's own batches, and sessions that expired ``before``; returns the sessions."""
    clear_expired()
    return Session.objects.filter(expire_date__lt=before).delete()[0]


OldRows(name="tokens", remove=remove_expired, not_held="What has expired opens nothing and tells nothing.")
_ORGANISATION = (
    "SELECT o.public_id FROM public.participants_organisation o WHERE o.id = {row}.organisation_id"
)
OldRows(
    name="unused_invitations",
    remove=by_statement(
        "participants_invitation",
        "state IN ('revoked', 'lapsed') AND ended_at < %(before)s",
        guard="no_delete",
        held=HeldRows((_ORGANISATION,), "{row}.ended_at"),
    ),
)


_REFUSED = "state = 'refused' AND ended_at < %(before)s"
_OF_RECOVERY = (
    "SELECT o.public_id FROM public.participants_ownerrecovery y"
    " JOIN public.participants_organisation o ON o.id = y.organisation_id WHERE y.id = {row}.recovery_id"
)
_ENDED = "coalesce((SELECT y.ended_at FROM public.participants_ownerrecovery y WHERE y.id = {row}.recovery_id), now())"
_STEPS = [
    by_statement(
        table,
        f"recovery_id IN (SELECT id FROM participants_ownerrecovery WHERE {_REFUSED})",  # noqa: S608  our own words
        guard="no_delete",
        held=HeldRows((_OF_RECOVERY,), _ENDED),
    )
    for table in ("participants_recoverycontact", "participants_recoveryevidence")
]
_STEPS.append(
    by_statement(
        "participants_ownerrecovery",
        _REFUSED,
        guard="no_delete",
        held=HeldRows(("{row}.public_id", _ORGANISATION), "{row}.ended_at"),
    )
)


def remove_refused_recoveries(before: datetime) -> int:
    """Delete what belongs to recoveries that were refused ``before``, and then these themselves; returns the rows."""
    return next((count for step in _STEPS if (count := step(before))), 0)


OldRows(name="refused_recoveries", remove=remove_refused_recoveries)
