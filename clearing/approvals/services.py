"""Second-person control of the operator: what is money is added up by person, command, payee and day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Sum
from psycopg.types.json import Jsonb

from marketplace.approvals.models import Approval
from marketplace.approvals.services import require_two_people as require_two_people_of
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.labels import Label
from marketplace.participants.interest_queries import related_to, require_unrelated

from ..ground.parameters import second_person_hours, second_person_minor
from .locks import COMMAND_LOCK
from .models import MoneyCommand
from .permissions import CONCERNED, UNRELATED, permission_of


def require_second_person(
    *,
    actor: Actor,
    command: str,
    subject: str,
    payee: str,
    amount_minor: int,
    currency: str,
    payload: Mapping[str, Any],
    always: bool = False,
) -> Approval | None:
    """Pass a command on money if its amount is small or another person has given exactly the same command.

    ``payee``: public identifier of the organisation whose money grows or whose debt shrinks by it; empty where one
    command pays several. An amount is small if it stays, with what was given alone for the payee by such commands on the
    business day, below the rulebook's ``second_person_minor`` (default: a million). With ``always`` no amount is small.
    Commands of the system follow the rules and pass. Otherwise as ``marketplace.approvals.services.require_two_people``:
    both people hold the permission of the command (``permissions``). Raises Recused, as ``require_two_people``.
    """
    if actor.role is Role.SYSTEM:
        return None
    actor.require(permission_of(command))
    stated = {**payload, "payee": payee} if payee else payload
    require_unrelated(actor, *_concerned(command, subject, stated))
    given_alone_minor = _given_alone_minor(command, payee, currency)
    approval = None
    if always or given_alone_minor + amount_minor >= second_person_minor():
        approval = _require_two_people(
            actor,
            command=command,
            subject=subject,
            payload=stated,
            amount_minor=amount_minor,
            currency=currency,
        )
    MoneyCommand.objects.create(
        command=command,
        subject=subject,
        payee=payee,
        amount_minor=amount_minor,
        currency=currency,
        given_by=actor.identifier,
        approval=approval,
        given_on=clock.today(),
        given_at=clock.now(),
    )
    return approval


def require_two_people_to_pay(*, actor: Actor, **stated: Any) -> Approval:
    """Pass a command on money that takes two people for any amount; returns the approval. The system never gives it.

    ``stated``, raises and records as ``require_second_person``; raises Forbidden for the system.
    """
    approval = require_second_person(actor=actor, always=True, **stated)
    if approval is None:
        raise Forbidden(needed=Label("people of the operator", "運営者の担当者"))
    return approval


def require_two_people(
    *,
    actor: Actor,
    command: str,
    subject: str,
    payload: Mapping[str, Any],
    barred: Callable[[str], bool] | None = None,
) -> Approval:
    """Pass a command of the operator without an amount if another person has given exactly the same; returns the approval.

    For what weakens a control. Raises Recused where the command is about a participant (``permissions.UNRELATED``) in which the
    actor has declared an interest; a first person who has is replaced, as one who is ``barred``. Raises and records else as
    ``marketplace.approvals.services.require_two_people``.
    """
    return _require_two_people(actor, command=command, subject=subject, payload=payload, barred=barred)


def _require_two_people(
    actor: Actor,
    *,
    command: str,
    subject: str,
    payload: Mapping[str, Any],
    barred: Callable[[str], bool] | None = None,
    **stated: Any,
) -> Approval:
    """Ask for two people of the operator, for the hours that the rulebook gives them. Raises Forbidden for others."""
    actor.require_operator()
    concerned = _concerned(command, subject, payload)
    require_unrelated(actor, *concerned)
    return require_two_people_of(
        actor=actor,
        permission=permission_of(command),
        organisation=actor.organisation or "",
        command=command,
        subject=subject,
        payload=payload,
        expires_in=timedelta(hours=second_person_hours()),
        barred=barred or related_to(*concerned),
        **stated,
    )


def _concerned(command: str, subject: str, payload: Mapping[str, Any]) -> list[int]:
    """The organisations (database keys) that a command is about (``permissions.CONCERNED``)."""
    if command not in UNRELATED:
        return []
    concerned = CONCERNED.format(payload="%(payload)s::jsonb", subject="%(subject)s")
    stated: dict[str, Any] = {"payload": Jsonb(dict(payload)), "subject": subject}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT c.id FROM {concerned} c", stated)  # noqa: S608  our own words
        return [key for (key,) in cursor.fetchall()]


def _given_alone_minor(command: str, payee: str, currency: str) -> int:
    """What people gave alone today for the payee by commands of this kind; no other is counted until this one ends."""
    today = clock.today()
    COMMAND_LOCK.acquire_for(f"{command}:{payee}:{currency}:{today.isoformat()}")
    given = MoneyCommand.objects.filter(
        command=command,
        payee=payee,
        currency=currency,
        given_on=today,
        approval=None,
    )
    return int(given.aggregate(total=Sum("amount_minor"))["total"] or 0)
