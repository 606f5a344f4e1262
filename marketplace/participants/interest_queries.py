"""Queries on declared interests: who decides nothing about which organisation."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.db import connection
from django.db.models import QuerySet

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission

from .acting import acts_now, holders
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


def related_organisations(person: str) -> QuerySet[StaffInterest, int]:
    """The organisations (database keys) in which a person has an interest that stands; for a condition of another query."""
    return StaffInterest.objects.filter(person=person, ended_at=None).values_list(
        "organisation_id", flat=True
    )


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


def require_unrelated_to_parties(actor: Actor, subject: str) -> None:
    """Raise Recused if a person of the operator has declared an interest in whose the row of a public identifier is."""
    if actor.role is Role.OPERATOR:
        require_unrelated(actor, *parties_of_row(subject))


def parties_of_row(subject: str) -> list[int]:
    """The organisations (database keys) whose the row of a public identifier is, as the register of records says."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id FROM public.evidence_parties('', %s, '{}') p"
            " JOIN public.participants_organisation o ON o.public_id = p.party",
            [subject],
        )
        return [key for (key,) in cursor.fetchall()]


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


def unrelated_deciders(permission: Permission, organisation_ids: Collection[int]) -> int:
    """How many people of the operator hold a permission now and have an interest in none of these organisations (database keys)."""
    return len(unrelated_people(permission, organisation_ids))


def unrelated_people(permission: Permission, organisation_ids: Collection[int]) -> list[str]:
    """The people of the operator (public identifiers) who hold a permission now and have an interest in none of these organisations."""
    acts = acts_now("u.public_id", holds=holders(permission), proved=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT u.public_id FROM participants_user u"  # noqa: S608  our own words
            " JOIN participants_membership m ON m.user_id = u.id AND m.ended_at IS NULL"
            " JOIN participants_organisation staffed ON staffed.id = m.organisation_id AND staffed.is_operator"
            f" WHERE {acts} AND NOT EXISTS (SELECT FROM participants_staffinterest i"
            "  WHERE i.person = u.public_id AND i.ended_at IS NULL AND i.organisation_id = ANY(%s))",
            [list(organisation_ids)],
        )
        return [person for (person,) in cursor.fetchall()]


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
