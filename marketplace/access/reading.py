"""What the operator's staff reads of participants: nothing without an access, and each subject leaves a record.

Every list and every single read of the API passes here (``settings.STAFF_READS_NARROWED_BY`` and ``STAFF_READS_NOTED_BY``); participants and commands do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from marketplace.evidence.services import Fact, record_all
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import PermissionNeeded
from marketplace.kernel.permissions import RULES

from .affairs import PIPE, Affairs, affairs_of
from .errors import AccessExhausted
from .models import AccessRead, StaffAccess
from .queries import live_accesses
from .states import SUBJECTS_MAX


def narrow(actor: Actor, route: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of ``rows`` that the staff may read at ``route``: of its own organisation, and of those that it has opened.

    All of them for participants, for whom it is daily work, and where the rows are no participant's affairs.
    """
    affairs = _governed(actor, route)
    if affairs is None:
        return rows
    if not (affairs.keys or affairs.names or affairs.lists):
        return rows.none()
    opened = live_accesses(actor, affairs.kind)
    keys = [actor.organisation_id, *(access.organisation_id for access in opened)]
    names = [actor.organisation, *(access.organisation_identifier for access in opened)]
    within = Q()
    for column in affairs.keys:
        within |= Q(**{f"{column}__in": keys})
    for column in affairs.names:
        within |= Q(**{f"{column}__in": names})
    for column in affairs.lists:
        within |= Q(**{f"{column}__overlap": names})
    return rows.filter(within)


def note(actor: Actor, route: str, rows: Sequence[Model], lookup: str) -> None:
    """Record what the staff reads under its accesses: one record for each access and subject (the value of ``lookup``).

    Raises AccessExhausted if an access would cover too many.
    """
    affairs = _governed(actor, route)
    if affairs is None or not rows:
        return
    others = [
        (str(getattr(row, lookup)), of)
        for row in rows
        if not (of := _organisations_of(row, affairs)) & {actor.organisation_id, actor.organisation}
    ]
    if not others:
        return
    found: dict[int, list[str]] = {}
    opened = live_accesses(actor, affairs.kind)
    for subject, of in others:
        for access in opened:
            if access.organisation_id in of or access.organisation_identifier in of:
                found.setdefault(access.pk, []).append(subject)
                break
    known = set(AccessRead.objects.filter(access__in=found).values_list("access_id", "subject"))
    if any((key, subject) not in known for key, subjects in found.items() for subject in subjects):
        _record(actor, found)


def require_pipe(actor: Actor) -> None:
    """Raise PermissionNeeded unless the events of all participants are the daily work of who acts for the operator."""
    if actor.role is Role.OPERATOR and not actor.may(*PIPE):
        raise PermissionNeeded(permission=PIPE[0].value, needed=RULES[PIPE[0]].label)


def _governed(actor: Actor, route: str) -> Affairs | None:
    """The affairs that a route shows, where the actor reads them under an access alone."""
    if actor.role is not Role.OPERATOR:
        return None
    affairs = affairs_of(route)
    if not isinstance(affairs, Affairs) or (affairs.daily and actor.may(*affairs.daily)):
        return None
    return affairs


def _organisations_of(row: Model, affairs: Affairs) -> set[int | str]:
    """The keys and public identifiers of the organisations whose affair a row is."""
    plain = (*affairs.keys, *affairs.names)
    of: set[int | str] = {attrgetter(column.replace("__", "."))(row) for column in plain}
    for column in affairs.lists:
        of.update(getattr(row, column))
    return of


@transaction.atomic
def _record(actor: Actor, found: Mapping[int, Iterable[str]]) -> None:
    """Write what was read and not noted before, with its evidence. Raises AccessExhausted."""
    now = clock.now()
    for access in StaffAccess.objects.select_for_update(no_key=True).filter(pk__in=found).order_by("pk"):
        known = set(AccessRead.objects.filter(access=access).values_list("subject", flat=True))
        fresh = [subject for subject in dict.fromkeys(found[access.pk]) if subject not in known]
        if len(known) + len(fresh) > SUBJECTS_MAX:
            raise AccessExhausted(access=access.public_id, subjects_max=SUBJECTS_MAX)
        digests = {subject: access.digest_of_subject(subject) for subject in fresh}
        AccessRead.objects.bulk_create(
            AccessRead(access=access, subject=subject, digest=digest, read_at=now)
            for subject, digest in digests.items()
        )
        record_all(
            [
                # Until the participant is told, evidence says what was read by its hash alone.
                Fact(
                    "access.read",
                    access.public_id,
                    actor,
                    {"digest": digest} | ({"subject": subject} if access.told_at else {}),
                )
                for subject, digest in digests.items()
            ]
        )
