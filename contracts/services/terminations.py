"""End negotiations without agreement: by a party, by the operator, by time (by what overtakes them: ``obstructed``)."""

from __future__ import annotations

import re

from django.db import transaction

from marketplace.cases.queries import held_subjects
from marketplace.cases.services import drop_cases
from marketplace.cases.states import CaseKindCode
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import is_visible
from marketplace.participants.interest_queries import require_unrelated
from marketplace.rules.halt_time import covered_by_halts

from .. import queries
from ..errors import ProposalOpen
from ..models import Negotiation
from ..states import NEGOTIATION, OPEN_NEGOTIATIONS, RESERVED_GROUNDS, NegotiationState, Party
from ..terms import parse_terms
from .moves import is_overdue, locked, move, role_in

REASON_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
REASON_LENGTH_MAX = 2_000
EXPIRED = Loop("contracts.end_expired")


@transaction.atomic
def terminate(
    *, actor: Actor, negotiation: str, reason_code: str = "withdrawn", reason: str = ""
) -> Negotiation:
    """End an open negotiation, as a party, as the operator (who gives a reason), or as the system.

    A seller withdraws what it has signed, while it is open, on a ground that every contract reserves (``leak_feared``, ``legal_ban``) and
    with a reason, or anyway if it reserved that. Emits negotiation.moved. Raises Recused, Missing, IllegalTransition, FieldInvalid, ProposalOpen.
    """
    actor.require(Permission.NEGOTIATIONS_SETTLE, Permission.DISPUTES_WRITE)
    if not REASON_CODE.fullmatch(reason_code):
        raise FieldInvalid(
            "reason_code",
            Label(
                "use a code in snake case, at most 40 letters", "40字以内の英小文字と下線で指定してください"
            ),
        )
    if len(reason) > REASON_LENGTH_MAX or "\x00" in reason:
        raise FieldInvalid(
            "reason",
            Label(f"use at most {REASON_LENGTH_MAX} characters", f"{REASON_LENGTH_MAX}字以内にしてください"),
        )
    subject = locked(actor, negotiation)
    require_unrelated(actor, subject.buyer_id, subject.seller_id)
    role = role_in(actor, subject)
    NEGOTIATION.target(state=subject.state, command="terminate", role=role)
    if role == "operator" and not is_visible(reason):
        raise FieldInvalid(
            "reason", Label("the operator must give a reason", "運営者は理由を入力してください")
        )
    if role == Party.SELLER:
        _require_withdrawable(subject, reason_code, reason)
    end(subject, actor=actor, role=role, reason_code=reason_code, reason=reason.strip())
    return subject


def _require_withdrawable(negotiation: Negotiation, reason_code: str, reason: str) -> None:
    """Raise ProposalOpen or FieldInvalid unless the seller may withdraw by now what it has signed, if it has."""
    if negotiation.state != NegotiationState.AGREED or negotiation.respond_by is None:
        return
    if is_overdue(negotiation) or parse_terms(queries.latest_proposal(negotiation).terms).withdrawal_reserved:
        return
    if reason_code not in RESERVED_GROUNDS:
        raise ProposalOpen(negotiation=negotiation.public_id, open_until=negotiation.respond_by.isoformat())
    if not is_visible(reason):
        raise FieldInvalid(
            "reason", Label("give the reason of the withdrawal", "撤回の理由を入力してください")
        )


def end(negotiation: Negotiation, *, actor: Actor, role: str, reason_code: str, reason: str) -> None:
    """End a locked negotiation without agreement, and the case of its conclusion; emits negotiation.moved, case.moved."""
    move(
        negotiation,
        command="terminate",
        role=role,
        actor=actor,
        payload={"reason_code": reason_code, "reason_commitment": commitment_to(negotiation.salt, reason)},
        ended_at=clock.now(),
        ended_by=role,
        end_reason_code=reason_code,
        end_reason=reason,
    )
    drop_cases(thread=negotiation.public_id, kinds=(CaseKindCode.CONCLUSION.value,))


def end_expired(*, limit: int = 100) -> int:
    """End negotiations whose deadline has passed, at most ``limit``; returns their number.

    Each in its own transaction; one that another transaction has locked is left to the next sweep, and one that cannot
    be ended stands aside.
    """
    late = (
        Negotiation.objects.filter(state__in=OPEN_NEGOTIATIONS, respond_by__lte=clock.now())
        .exclude(covered_by_halts())
        .exclude(public_id__in=held_subjects(CaseKindCode.CONCLUSION))
        .exclude(public_id__in=EXPIRED.standing_aside())
        .order_by("pk")
        .values_list("public_id", flat=True)[:limit]
    )
    return EXPIRED.each(late, _expire)


@transaction.atomic
def _expire(public_id: str) -> bool:
    negotiation = (
        Negotiation.objects.select_for_update(skip_locked=True)
        .filter(public_id=public_id, state__in=OPEN_NEGOTIATIONS, respond_by__lte=clock.now())
        .first()
    )
    if negotiation is None or not is_overdue(negotiation):
        return False
    end(negotiation, actor=SYSTEM, role="system", reason_code="expired", reason="")
    return True
