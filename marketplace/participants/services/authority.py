"""State limits of authority: what allows more takes another owner and a business day, what allows less holds at once."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any, Final

from marketplace.approvals.models import Approval
from marketplace.approvals.services import require_two_people
from marketplace.events.schemas.authority import AuthorityLimitStated
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ..authority import ROLES, UNLIMITED, Ceiling, LimitedAct, Stated, effective_on, is_raised
from ..authority_guards import RAISE_COMMAND
from ..authority_queries import standing_limits
from ..models import AuthorityLimit, Membership, Organisation
from .second_owner import lock_own_organisation, owners_of

CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
CONFIRMED_WITHIN: Final = timedelta(days=7)
"""Business time within which another owner raises a limit too."""


@record_refusals()
def state_authority_limit(
    *,
    actor: Actor,
    act: str,
    role: str = "",
    person: str = "",
    currency: str = "JPY",
    per_act_minor: int | None = None,
    per_month_minor: int | None = None,
) -> AuthorityLimit:
    """State up to what value a ``role`` or a ``person`` (identifier) commits the actor's organisation alone.

    For one act, and for a calendar month of Japan; without both the limit is taken back. What allows nobody more holds at
    once. What allows more holds after a whole business day, and takes another owner, where there is one, who gives the same
    command. Emits authority_limit.stated. Raises SecondPersonNeeded, FieldInvalid, Missing, PermissionNeeded, ProofNeeded,
    Forbidden.
    """
    actor.require(Permission.MEMBERS_WRITE)
    actor.require_person()
    if actor.role is not Role.PARTICIPANT:
        raise Forbidden(needed=Label("a participant", "参加者"))
    stated = Stated(act, role, person, currency, Ceiling(per_act_minor, per_month_minor))
    _check(stated)
    organisation = lock_own_organisation(actor)
    if person and not Membership.objects.filter(
        organisation=organisation, user__public_id=person, ended_at=None
    ):
        raise Missing(kind="member", identifier=person)
    standing = standing_limits(organisation.pk)
    _require_difference(standing, stated)
    raised = is_raised(standing, stated)
    approval = _second_owner(actor, organisation, stated) if raised else None
    now = clock.now()
    row = AuthorityLimit.objects.create(
        organisation=organisation,
        act=act,
        role=role,
        person=person,
        currency=currency,
        per_act_minor=per_act_minor,
        per_month_minor=per_month_minor,
        stated_by=actor.identifier,
        stated_at=now,
        effective_from=_begins(now) if raised else now,
        approval=approval,
    )
    _tell(actor, row)
    return row


def _second_owner(actor: Actor, organisation: Organisation, stated: Stated) -> Approval | None:
    """The approval of what allows more; None if the actor is the only owner. Raises SecondPersonNeeded."""
    if not set(owners_of(organisation.pk)) - {actor.identifier}:
        return None
    return require_two_people(
        actor=actor,
        permission=Permission.MEMBERS_WRITE,
        organisation=organisation.public_id,
        command=RAISE_COMMAND,
        subject=stated.person or stated.role,
        payload={
            "act": str(stated.act),
            "currency": stated.currency,
            "per_act_minor": stated.ceiling.per_act_minor,
            "per_month_minor": stated.ceiling.per_month_minor,
        },
        expires_in=CONFIRMED_WITHIN,
    )


def _begins(now: datetime) -> datetime:
    """The moment from which a raised limit that is stated now holds."""
    return datetime.combine(effective_on(clock.business_date(now)), time(), tzinfo=clock.market_zone())


def _check(stated: Stated) -> None:
    """Raise FieldInvalid, naming the field, for a limit that cannot be."""
    if stated.act not in LimitedAct.values:
        known = ", ".join(LimitedAct.values)
        raise FieldInvalid("act", Label(f"choose from {known}", f"{known} から選んでください"))
    if bool(stated.role) == bool(stated.person):
        raise FieldInvalid(
            "role", Label("name either a role or a person", "役割か担当者のどちらか一方を指定してください")
        )
    if stated.role and stated.role not in ROLES[stated.act]:
        known = ", ".join(ROLES[stated.act])
        raise FieldInvalid("role", Label(f"choose from {known}", f"{known} から選んでください"))
    if not CURRENCY.fullmatch(stated.currency):
        raise FieldInvalid(
            "currency",
            Label(
                "specify a code of ISO 4217, such as JPY", "ISO 4217の通貨コード（JPYなど）を指定してください"
            ),
        )
    amounts = {
        "per_act_minor": stated.ceiling.per_act_minor,
        "per_month_minor": stated.ceiling.per_month_minor,
    }
    for field, minor in amounts.items():
        if minor is not None and not 0 <= minor <= AMOUNT_MINOR_MAX:
            raise FieldInvalid(
                field,
                Label(
                    f"specify an amount from 0 to {AMOUNT_MINOR_MAX:,} in minor units",
                    f"0以上{AMOUNT_MINOR_MAX:,}以下の金額（最小通貨単位）にしてください",
                ),
            )


def _require_difference(standing: list[Stated], stated: Stated) -> None:
    """Raise FieldInvalid if a limit is taken back that does not stand."""
    of = (stated.act, stated.role, stated.person, stated.currency)
    before = [each.ceiling for each in standing if (each.act, each.role, each.person, each.currency) == of]
    if stated.ceiling == UNLIMITED and (not before or before[0] == UNLIMITED):
        raise FieldInvalid(
            "per_act_minor",
            Label(
                "no such limit stands; state an amount", "該当する限度額はありません。金額を指定してください"
            ),
        )


def _tell(actor: Actor, row: AuthorityLimit) -> None:
    """Record a statement as evidence, and emit it."""
    facts: dict[str, Any] = {
        "organisation": row.organisation.public_id,
        "act": str(row.act),
        "role": row.role,
        "currency": row.currency,
        "per_act_minor": row.per_act_minor,
        "per_month_minor": row.per_month_minor,
        "effective_from": row.effective_from.isoformat(),
    }
    approval = row.approval.public_id if row.approval else None
    record(
        kind="participants.authority_limit_stated",
        subject=row.public_id,
        actor=actor,
        payload={**facts, "person": row.person, "approval": approval},
    )
    emit(AuthorityLimitStated(limit=row.public_id, **facts))
