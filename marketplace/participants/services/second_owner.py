"""What takes two owners of an organisation, and who the second one may be. The only place that decides it.

The guards ``invited_rightly`` and ``changed_rightly`` hold the same rule in the database.
"""

from __future__ import annotations

from collections.abc import Collection

from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission

from ..errors import ProposerGone
from ..models import Organisation, RoleGrant
from ..states import MemberRole


def lock_own_organisation(actor: Actor) -> Organisation:
    """The actor's own organisation, locked until the transaction ends, so that its owners stay. Raises Forbidden."""
    return Organisation.objects.select_for_update(no_key=True).get(pk=actor.require_organisation())


def owners_of(organisation_id: int) -> list[str]:
    """The identifiers of the present owners, in the order in which they became that."""
    grants = RoleGrant.objects.filter(
        membership__organisation_id=organisation_id,
        membership__ended_at=None,
        role=MemberRole.OWNER,
        revoked_at=None,
    )
    return list(grants.order_by("pk").values_list("membership__user__public_id", flat=True))


WITHDRAWS = (Permission.MEMBERS_WRITE, Permission.ORGANISATION_WRITE)
"""By one of these access is taken away: owners hold both, and in insolvency proceedings the trustee the second."""


def is_trustee(organisation_id: int, person: str) -> bool:
    """Whether a person (public identifier) is the trustee of an organisation now."""
    return RoleGrant.objects.filter(
        membership__organisation_id=organisation_id,
        membership__ended_at=None,
        membership__user__public_id=person,
        role=MemberRole.TRUSTEE,
        revoked_at=None,
    ).exists()


def takes_two(
    organisation: Organisation, *, first: str, owners: Collection[str], grants: bool, concerns_owner: bool
) -> bool:
    """Whether a second owner confirms what ``first`` proposes.

    To give a role at the operator always takes two. To give the role of an owner, or to take it from somebody, takes two
    where there are two.
    """
    if organisation.is_operator and grants:
        return True
    return concerns_owner and bool(set(owners) - {first})


def require_second_owner(actor: Actor, *, first: str, owners: Collection[str]) -> None:
    """Raise Forbidden unless the actor is another owner than ``first``, a person who proved a second factor afresh.

    Raises ProposerGone if ``first`` is no owner any more; PermissionNeeded and ProofNeeded.
    """
    actor.require(Permission.MEMBERS_WRITE)
    actor.require_second_to(first)
    if first not in owners:
        raise ProposerGone()
