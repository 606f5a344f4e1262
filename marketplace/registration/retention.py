"""Applications that leave: personal data of those who were not registered.

The application goes after what belongs to it. Whoever was registered stays on record as long as the organisation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from marketplace.kernel.retention import HeldRows, OldRows, by_statement

from .states import RegistrationState

# Table → the guard that keeps its rows from everybody else.
BELONGING = {
    "registration_supportingdocument": "bounded_draft",
    "registration_beneficialowner": "bounded_draft",
    "registration_screening": "no_delete",
}


_OF = "SELECT g.public_id FROM public.registration_registration g WHERE g.id = {row}.registration_id"
_CLOSED = "coalesce((SELECT g.closed_at FROM public.registration_registration g WHERE g.id = {row}.registration_id), now())"


def leaving(state: RegistrationState) -> Callable[[datetime], int]:
    """Removes what belongs to applications that ended in ``state``, and then these themselves."""
    ended = f"state = '{state}' AND closed_at < %(before)s"
    of_ended = f"registration_id IN (SELECT id FROM registration_registration WHERE {ended})"  # noqa: S608
    steps = [
        # What belongs to a draft is deleted while the applicant works on it.
        by_statement(
            table, of_ended, guard=guard, held=HeldRows((_OF,), _CLOSED, is_guarded=guard == "no_delete")
        )
        for table, guard in BELONGING.items()
    ]
    steps.append(
        by_statement(
            "registration_registration",
            ended,
            guard="no_delete",
            held=HeldRows(("{row}.public_id",), "{row}.closed_at"),
        )
    )

    def remove(before: datetime) -> int:
        return next((count for step in steps if (count := step(before))), 0)

    return remove


OldRows(name="lapsed_registrations", remove=leaving(RegistrationState.LAPSED))
OldRows(name="refused_registrations", remove=leaving(RegistrationState.REFUSED))
