"""Queries on people and programs: members, invitations, changes of memberships, and programs."""

from __future__ import annotations

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, Prefetch, QuerySet

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission, permissions_of

from .acting import acts_now, holders
from .models import (
    Application,
    Invitation,
    LoginLock,
    MemberChange,
    Membership,
    OwnerRecovery,
    RecoveryEvidence,
    RoleGrant,
    SecondFactorReset,
)


def _with_roles() -> QuerySet[Membership]:
    held = RoleGrant.objects.filter(membership=OuterRef("pk"), revoked_at__isnull=True).order_by("role")
    return Membership.objects.select_related("organisation", "user").annotate(
        roles=ArraySubquery(held.values("role"))
    )


def visible_memberships(actor: Actor) -> QuerySet[Membership]:
    """Members of the actor's organisation, with those who have left; all, for the operator."""
    rows = _with_roles()
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def membership_of(key: int) -> Membership:
    """A membership (database key) with its roles, as it is shown."""
    return _with_roles().get(pk=key)


def person_of_member(member: str) -> str:
    """The identifier of the person of a membership, live or ended; raises Missing."""
    found = Membership.objects.filter(public_id=member).values_list("user__public_id", flat=True).first()
    if found is None:
        raise Missing(kind="member", identifier=member)
    return str(found)


def own_member_changes(actor: Actor) -> QuerySet[MemberChange]:
    """Changes of memberships of the actor's own organisation."""
    rows = MemberChange.objects.filter(membership__organisation_id=actor.require_organisation())
    return rows.select_related("membership__organisation", "membership__user")


def own_invitations(actor: Actor) -> QuerySet[Invitation]:
    """Invitations to the actor's own organisation."""
    return Invitation.objects.filter(organisation_id=actor.require_organisation()).select_related(
        "organisation"
    )


def visible_applications(actor: Actor) -> QuerySet[Application]:
    """Programs of the actor's organisation; all, for the operator."""
    rows: QuerySet[Application] = Application.objects.select_related(
        "organisation", "responsible", "next_responsible"
    )
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def live_programs(organisation: str) -> QuerySet[Application]:
    """The programs of an organisation (public identifier) that are not revoked and have not expired."""
    rows: QuerySet[Application] = Application.objects.select_related("organisation", "responsible")
    return rows.filter(organisation__public_id=organisation, revoked_at=None, expires_at__gt=clock.real_now())


def live_program_identifiers(organisation: str) -> list[str]:
    """Their public identifiers."""
    return list(live_programs(organisation).order_by("pk").values_list("public_id", flat=True))


def programs_without_ground(organisation: str) -> list[str]:
    """The live programs of an organisation that may do less than their scopes say: the person who answers for each has
    left, is locked out, or lost a role."""
    rows = list(live_programs(organisation).order_by("pk"))
    roles: dict[int, set[str]] = {}
    grants = RoleGrant.objects.filter(
        membership__user__in=[row.responsible_id for row in rows],
        membership__user__is_active=True,
        membership__organisation__public_id=organisation,
        membership__ended_at=None,
        revoked_at=None,
    )
    for person, role in grants.values_list("membership__user_id", "role"):
        roles.setdefault(person, set()).add(role)
    return [
        row.public_id
        for row in rows
        if not set(row.scopes)
        <= permissions_of(
            roles.get(row.responsible_id, set()), proved=True, is_operator=row.organisation.is_operator
        )
    ]


def login_locks() -> QuerySet[LoginLock]:
    """Every lock of a login, with its person; for the operator."""
    return LoginLock.objects.select_related("user")


def own_second_factor_resets(actor: Actor) -> QuerySet[SecondFactorReset]:
    """Resets of second factors in the actor's own organisation."""
    rows = SecondFactorReset.objects.filter(membership__organisation_id=actor.require_organisation())
    return rows.select_related("membership__organisation", "membership__user")


def owner_recoveries() -> QuerySet[OwnerRecovery]:
    """Every recovery of an owner; for the operator."""
    evidence = RecoveryEvidence.objects.defer("content").order_by("pk")
    return OwnerRecovery.objects.select_related("organisation").prefetch_related(
        Prefetch("evidence", queryset=evidence)
    )


def holds_for_operator(person: str, permission: Permission) -> bool:
    """Whether a person (public identifier) acts for the operator now with a role that holds the permission."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {acts_now('%(person)s', holds=holders(permission), proved=False)}", {"person": person}
        )
        return bool(cursor.fetchone()[0])
