"""Queries on limits of authority: what stands, what a person has committed its organisation to, and whose limit suffices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from marketplace.approvals.models import Approval
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.kernel.prepared import fetch_prepared

from .authority import Ceiling, LimitOf, Stated, ceiling_of, in_month, role_of
from .models import AuthorityLimit

_STANDING = """
    SELECT DISTINCT ON (act, role, person, currency) act, role, person, currency, per_act_minor, per_month_minor
      FROM participants_authoritylimit WHERE organisation_id = %s AND effective_from <= %s
     ORDER BY act, role, person, currency, id DESC
"""
_COMMITTED = f"""
    SELECT person, sum(amount_minor)::bigint FROM participants_commitment
     WHERE organisation_id = %(organisation)s AND act = %(act)s AND currency = %(currency)s
       AND {in_month("committed_at", "%(moment)s::timestamptz")}
     GROUP BY person
"""  # noqa: S608  our own words
_HOLDERS = """
    SELECT u.public_id FROM participants_membership m JOIN participants_user u ON u.id = m.user_id AND u.is_active
      JOIN participants_rolegrant g ON g.membership_id = m.id AND g.revoked_at IS NULL AND g.role = %s
     WHERE m.organisation_id = %s AND m.ended_at IS NULL ORDER BY m.id
"""


@dataclass(frozen=True, slots=True)
class Stake:
    """To what an act commits an organisation: an amount of an act of ``LimitedAct``, in minor units of a currency.

    ``total_minor``: of what a mandate allows, all of its days together; it commits to nothing yet.
    """

    act: str
    amount_minor: int
    currency: str
    total_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """The limit that a stake would exceed: ``minor`` of one act or of a calendar month."""

    stake: Stake
    of: LimitOf
    minor: int


def visible_limits(actor: Actor) -> QuerySet[AuthorityLimit]:
    """The limits of the actor's own organisation, with their history."""
    rows = AuthorityLimit.objects.select_related("organisation", "approval")
    return rows.filter(organisation_id=actor.require_organisation())


def authority_limit(public_id: str) -> AuthorityLimit:
    """A limit of authority; raises DoesNotExist, for it is never deleted."""
    return AuthorityLimit.objects.get(public_id=public_id)


def standing_limits(organisation_id: int) -> list[Stated]:
    """The newest statement of each limit whose moment has come, also those that were taken back."""
    rows = fetch_prepared(_STANDING, [organisation_id, clock.now()])
    return [
        Stated(act, role, person, currency, Ceiling(per_act, per_month))
        for act, role, person, currency, per_act, per_month in rows
    ]


def holders_of_role(organisation_id: int, role: str) -> list[str]:
    """The people of an organisation who hold a role now, by their identifiers, in the order in which they joined."""
    return [person for (person,) in fetch_prepared(_HOLDERS, [role, organisation_id])]


def excess_of(organisation_id: int, person: str, role: str, stakes: Sequence[Stake]) -> Excess | None:
    """The first limit of a person that one of the stakes exceeds now; None if all are within."""
    return excesses_of(organisation_id, [person], role, stakes)[person]


def excesses_of(
    organisation_id: int, people: Sequence[str], role: str, stakes: Sequence[Stake]
) -> dict[str, Excess | None]:
    """For each of several people, the first limit that one of the stakes exceeds; None if all are within."""
    limits = standing_limits(organisation_id)
    before = [_committed(organisation_id, stake) for stake in stakes]
    return {
        person: next(
            (
                excess
                for stake, committed in zip(stakes, before, strict=True)
                if (excess := _excess(limits, stake, role, person, committed.get(person, 0))) is not None
            ),
            None,
        )
        for person in people
    }


def deciders_of(
    organisation_id: int, role: str, stakes: Sequence[Stake], *, beside: Sequence[str] = ()
) -> list[str]:
    """The people whose limits suffice for all stakes together now, without those ``beside``."""
    people = [person for person in holders_of_role(organisation_id, role) if person not in beside]
    found = excesses_of(organisation_id, people, role, stakes)
    return [person for person in people if found[person] is None]


def deciders_of_approval(organisation_id: int, approval: str) -> list[str] | None:
    """The people whose limits suffice for what a colleague asks them; None if the approval asks no such thing."""
    row = Approval.objects.filter(public_id=approval).first()
    acts = row.payload.get("acts") if row and isinstance(row.payload, dict) else None
    if row is None or not acts or row.amount_minor is None:
        return None
    total = row.payload.get("total_max_minor")
    stakes = [Stake(act, row.amount_minor, row.currency, total) for act in acts]
    beside = (row.first_person, row.first_responsible)
    return deciders_of(organisation_id, role_of(Permission(row.permission)), stakes, beside=beside)


def _committed(organisation_id: int, stake: Stake) -> dict[str, int]:
    """What each person committed the organisation to in this month, by the kind and currency of a stake."""
    values = {
        "organisation": organisation_id,
        "act": str(stake.act),
        "currency": stake.currency,
        "moment": clock.now(),
    }
    return dict(fetch_prepared(_COMMITTED, values))


def _excess(limits: Sequence[Stated], stake: Stake, role: str, person: str, before: int) -> Excess | None:
    ceiling = ceiling_of(limits, act=stake.act, role=role, person=person, currency=stake.currency)
    in_month = before + stake.amount_minor if stake.total_minor is None else stake.total_minor
    if ceiling.per_act_minor is not None and stake.amount_minor > ceiling.per_act_minor:
        return Excess(stake, LimitOf.ACT, ceiling.per_act_minor)
    if ceiling.per_month_minor is not None and in_month > ceiling.per_month_minor:
        return Excess(stake, LimitOf.MONTH, ceiling.per_month_minor)
    return None
