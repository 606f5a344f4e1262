"""Whoever commits its organisation stays within its limit of authority, or asks a colleague whose limit suffices (稟議).

The only place that decides it; the guard ``within_authority`` holds the same. Applications above call it in the transaction of
the act, and guard on their own tables that it was called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NoReturn

from marketplace.approvals.models import Approval
from marketplace.approvals.services import answer_colleague, ask_colleague
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import RULES, Permission
from marketplace.kernel.prepared import fetch_prepared

from ..authority import APPOINTED, LIMIT_LABELS, role_of
from ..authority_errors import AboveAuthority, ColleagueNeeded, NobodyDecides
from ..authority_queries import Excess, Stake, deciders_of, excess_of
from ..models import Commitment

ASKED_FOR: Final = timedelta(days=7)
"""Business time for which a colleague is asked."""


@dataclass(frozen=True, slots=True)
class CommittingAct:
    """A command that commits an organisation: by which permission, about what, and the content that a colleague repeats."""

    permission: Permission
    command: str
    subject: str
    payload: Mapping[str, Any]

    @property
    def role(self) -> str:
        """The role that commits by it."""
        return role_of(self.permission)


_LOCK_ORGANISATION = "SELECT id FROM participants_organisation WHERE id = %s FOR SHARE"
_NEWEST = "SELECT max(id) FROM participants_authoritylimit WHERE organisation_id = %s"
_LOCK_MEMBER = """
    SELECT (SELECT array_agg(g.role::text) FROM participants_rolegrant g
             WHERE g.membership_id = m.id AND g.revoked_at IS NULL)
      FROM participants_membership m JOIN participants_user u ON u.id = m.user_id AND u.public_id = %s
     WHERE m.organisation_id = %s AND m.ended_at IS NULL FOR NO KEY UPDATE OF m
"""


def lock_limits(organisation_id: int) -> int | None:
    """The newest statement of limits of an organisation (database key), locked against another; None if it stated none.

    Before the keys, mandates and memberships of the organisation.
    """
    fetch_prepared(_LOCK_ORGANISATION, [organisation_id])
    newest: int | None = fetch_prepared(_NEWEST, [organisation_id])[0][0]
    return newest


def commit_organisation(
    *, actor: Actor, limits: int | None, act: CommittingAct, stakes: Sequence[Stake], person: str = ""
) -> None:
    """Record that an act commits the actor's organisation to ``stakes``, within the limit of the person who answers for it.

    ``limits``: what ``lock_limits`` returned; without any, nothing is recorded. ``person``: who answers, where it is neither the
    actor nor who answers for its program, such as the signer of a mandate. Raises as ``require_authority``.
    """
    answering = person or actor.responsible or actor.identifier
    if limits is None or not _lock_in_role(actor, answering, act.role):
        return
    approval = require_authority(actor=actor, limits=limits, act=act, stakes=stakes, person=answering)
    for stake in stakes:
        Commitment.objects.create(
            organisation_id=actor.require_organisation(),
            act=stake.act,
            role=act.role,
            person=answering,
            given_by=actor.identifier,
            currency=stake.currency,
            amount_minor=stake.amount_minor,
            subject=act.subject,
            last_limit_id=limits,
            approval=approval,
            committed_at=clock.now(),
        )


def require_authority(
    *, actor: Actor, limits: int | None, act: CommittingAct, stakes: Sequence[Stake], person: str = ""
) -> Approval | None:
    """Pass if the limit of the person suffices for all ``stakes``, which have one amount and currency.

    What a colleague asked for with the same content is ended as approved, and returned. Raises ColleagueNeeded, which
    records that colleagues are asked; NobodyDecides; AboveAuthority for a program that may not ask; ProofNeeded. Call it
    after all other checks, under ``record_refusals``.
    """
    if limits is None:
        return None
    answering = person or actor.responsible or actor.identifier
    asked: dict[str, Any] = {
        "actor": actor,
        "permission": act.permission,
        "organisation": str(actor.organisation),
        "command": act.command,
        "subject": act.subject,
        "payload": {**act.payload, "acts": [str(stake.act) for stake in stakes]},
        "amount_minor": stakes[0].amount_minor,
        "currency": stakes[0].currency,
    }
    excess = excess_of(actor.require_organisation(), answering, act.role, stakes)
    if excess is not None:
        _refuse(asked, excess, stakes, act.role, answering)
    return answer_colleague(**asked) if actor.identifier == answering else None


def _refuse(
    asked: dict[str, Any], excess: Excess, stakes: Sequence[Stake], role: str, answering: str
) -> NoReturn:
    """Refuse an act above a limit, and ask the colleagues whose limits suffice, if there are any."""
    actor: Actor = asked["actor"]
    fields: dict[str, Any] = {
        "limit": excess.of.value,
        "bound": LIMIT_LABELS[excess.of],
        "limit_minor": excess.minor,
    }
    currency = excess.stake.currency
    if not actor.is_person and not RULES[asked["permission"]].scope:
        raise AboveAuthority(person=answering, currency=currency, **fields)
    deciders = deciders_of(actor.require_organisation(), role, stakes, beside=(actor.identifier, answering))
    if not deciders:
        raise NobodyDecides(amount_minor=excess.stake.amount_minor, currency=currency, **fields)
    ask_colleague(
        **asked,
        expires_in=ASKED_FOR,
        refusal=ColleagueNeeded,
        limit_currency=currency,
        deciders=", ".join(deciders),
        **fields,
    )


def _lock_in_role(actor: Actor, person: str, role: str) -> bool:
    """Lock the membership of who answers for an act, so that its month is added up act by act.

    False for a court's trustee, whom no limit binds. Raises Forbidden for who has neither role.
    """
    found = fetch_prepared(_LOCK_MEMBER, [person, actor.require_organisation()])
    roles = found[0][0] or [] if found else []
    if role in roles:
        return True
    if APPOINTED in roles:
        return False
    raise Forbidden(needed=Label("a person with the role of the act", "この操作の役割を持つ担当者"))
