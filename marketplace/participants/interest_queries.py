"""Queries on declared interests: who decides nothing about which organisation."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.db.models import QuerySet

from marketplace.kernel.actors import Actor, Role

from .interest_errors import FirstPersonRecused, Recused
from .interest_guards import leaves_too_few
from .models import StaffInterest


def visible_interests(actor: Actor) -> QuerySet[StaffInterest]:
    """Every interest, for the operator's staff; none for others."""
    rows = StaffInterest.objects.select_related("organisation")
    return rows if actor.role is not Role.PARTICIPANT else rows.none()


def standing_interests(person: str, *organisation_ids: int) -> QuerySet[StaffInterest]:
    """The interests of a person in these organisations (database keys) that stand."""
    rows = StaffInterest.objects.filter(person=person, organisation_id__in=organisation_ids, ended_at=None)
    return rows.select_related("organisation").order_by("pk")


def interesting_organisations() -> list[int]:
    """The organisations (database keys) in which somebody of the operator has an interest that stands."""
    rows = StaffInterest.objects.filter(ended_at=None).order_by("organisation_id")
    return list(rows.values_list("organisation_id", flat=True).distinct())


def require_unrelated(actor: Actor, *organisation_ids: int) -> None:
    """Raise Recused if a person of the operator has declared an interest in one of these organisations (database keys)."""
    if actor.role is not Role.OPERATOR:
        return
    found = standing_interests(actor.identifier, *organisation_ids).first()
    if found is not None:
        raise Recused(organisation=found.organisation.public_id, interest=found.public_id)


def related_to(*organisation_ids: int) -> Callable[[str], bool]:
    """Whether a person has declared an interest in one of these organisations: ``barred`` of a command that takes two people.

    Who gave the command first, and declared the interest after it, is replaced by who gives it next.
    """
    return lambda person: standing_interests(person, *organisation_ids).exists()


def require_unrelated_person(person: str, *organisation_ids: int) -> None:
    """Raise FirstPersonRecused if who gave a command first has declared an interest in one of these organisations."""
    found = standing_interests(person, *organisation_ids).first()
    if found is not None:
        raise FirstPersonRecused(
            person=person, organisation=found.organisation.public_id, interest=found.public_id
        )


def too_few_left(person: str, declared_by: str, organisation_id: int) -> bool:
    """Whether too few people were left to decide about an organisation (database key) if ``declared_by`` recused ``person``."""
    stated: dict[str, str | int] = {
        "person": person,
        "declared_by": declared_by,
        "organisation": organisation_id,
    }
    condition = leaves_too_few("%(person)s", "%(declared_by)s", "%(organisation)s")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {condition}", stated)
        (is_so,) = cursor.fetchone()
    return bool(is_so)
