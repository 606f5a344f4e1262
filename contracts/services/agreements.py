"""Terminate agreements, and adjust their price."""

from __future__ import annotations

import re

from django.db import transaction

from marketplace.events.schemas.contracts import AdjustmentDue, AgreementTerminated
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text

from ..amending.queries import money_signed
from ..commissions.queries import require_reducible
from ..ending.queries import charge_left
from ..errors import AgreementEnded, NotAParty, PriceExceeded
from ..models import Adjustment, Agreement
from ..renewing.moves import drop_renewals
from ..states import (
    AGREEMENT,
    CLAUSE_REASON,
    ENDED_EARLY,
    PRICE_TALK,
    AgreementState,
    Party,
    TerminationReason,
)
from .deletions import begin_duty
from .ending_moves import drop_endings

REASON_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
REASON_LENGTH_MAX = 2_000


def locked_agreement(actor: Actor, public_id: str) -> Agreement:
    """The agreement, locked until the transaction ends. Raises Missing, also where it is of two others."""
    agreement = Agreement.objects.select_for_update().filter(public_id=public_id).first()
    if agreement is None:
        raise Missing(kind="agreement", identifier=public_id)
    actor.require_scope(agreement.buyer_id, agreement.seller_id, kind="agreement", identifier=public_id)
    return agreement


@transaction.atomic
def terminate_agreement(
    *, agreement: str, reason_code: TerminationReason, cause: str, actor: Actor = SYSTEM
) -> Agreement:
    """Terminate an agreement: its price was not paid in or was returned, its ending is carried out, or a dispute decided so.

    ``cause`` is the reason code of the event, or what ends it. An agreement that is already terminated stays so. Emits
    agreement.terminated. Raises Missing, IllegalTransition.
    """
    subject = locked_agreement(actor, agreement)
    if subject.state == AgreementState.TERMINATED:
        return subject
    drop_endings(subject)
    advance(
        subject,
        AGREEMENT,
        command="terminate",
        role=Role.SYSTEM.value,
        terminated_at=clock.now(),
        termination_reason=reason_code.value,
    )
    drop_renewals(subject)
    begin_duty(subject)
    record(
        kind="contracts.agreement_terminated",
        subject=subject.public_id,
        actor=actor,
        payload={"reason_code": reason_code.value, "cause": cause},
    )
    emit(
        AgreementTerminated(
            agreement=subject.public_id,
            buyer=subject.buyer_identifier,
            seller=subject.seller_identifier,
            reason_code=reason_code.value,
        )
    )
    return subject


@transaction.atomic
def adjust_price(
    *,
    actor: Actor,
    agreement: str,
    debtor: str,
    amount_minor: int,
    reason: str,
    reason_code: str = "price_correction",
    charge: int | None = None,
) -> Adjustment:
    """Order, as the operator, that ``debtor`` (the buyer's or seller's public identifier) pays ``amount_minor``,
    without tax, to the other party.

    ``charge`` is the number of the charge that is corrected; it is stated where there are several. The seller never returns more than
    the price of a charge. Emits adjustment.due. Raises Missing, AgreementEnded, NotAParty,
    PriceExceeded, ReducedWithoutFault, FieldInvalid, Forbidden.
    """
    actor.require(Permission.DISPUTES_WRITE)
    _check_order(amount_minor, reason_code, reason)
    subject = locked_agreement(actor, agreement)
    parties = {subject.seller_identifier: Party.SELLER, subject.buyer_identifier: Party.BUYER}
    if debtor not in parties:
        raise NotAParty(agreement=agreement, organisation=debtor)
    if subject.state == AgreementState.TERMINATED:
        raise AgreementEnded(agreement=agreement)
    corrected = _corrected(subject, charge)
    remaining = charge_left(subject, corrected)
    if parties[debtor] is Party.SELLER and amount_minor > remaining:
        raise PriceExceeded(agreement=agreement, remaining_minor=remaining)
    if parties[debtor] is Party.SELLER:
        require_reducible(agreement)
    return make_adjustment(
        actor,
        subject,
        debtor=parties[debtor],
        charge=corrected,
        amount_minor=amount_minor,
        reason=reason,
        reason_code=reason_code,
    )


def _corrected(agreement: Agreement, charge: int | None) -> int:
    """The charge that is corrected: the only one, unless it is stated. Raises FieldInvalid."""
    charges = len(money_signed(agreement).charges)
    if charge is None and charges > 1:
        raise FieldInvalid(
            "charge",
            Label(
                f"state which of the {charges} charges is corrected",
                f"{charges}回の課金のうち、訂正する課金の番号を指定してください",
            ),
        )
    return 1 if charge is None else charge


def make_adjustment(
    actor: Actor,
    subject: Agreement,
    *,
    debtor: Party,
    charge: int,
    amount_minor: int,
    reason: str,
    reason_code: str,
    within_left: bool = False,
) -> Adjustment:
    """Record an adjustment of a charge of an agreement that the caller has locked, and have clearing carry it out.

    ``within_left``: of what clearing returned meanwhile by itself, nothing is returned again. Emits adjustment.due.
    """
    adjustment = Adjustment.objects.create(
        agreement=subject,
        debtor=debtor.value,
        charge=charge,
        amount_minor=amount_minor,
        currency=subject.currency,
        reason_code=reason_code,
        reason=reason.strip(),
        ordered_by=actor.identifier,
        ordered_at=clock.now(),
    )
    owes, gets = subject.seller_identifier, subject.buyer_identifier
    if debtor is Party.BUYER:
        owes, gets = gets, owes
    facts = {"agreement": subject.public_id, "debtor": owes, "creditor": gets, "reason_code": reason_code}
    record(
        kind="contracts.price_adjusted",
        subject=adjustment.public_id,
        actor=actor,
        payload={
            **facts,
            "charge": charge,
            "amount_minor": amount_minor,
            "currency": subject.currency,
            "reason_commitment": commitment_to(adjustment.salt, adjustment.reason),
        },
    )
    emit(
        AdjustmentDue(
            adjustment=adjustment.public_id,
            charge=charge,
            amount_minor=amount_minor,
            currency=subject.currency,
            within_left=within_left,
            **facts,
        )
    )
    return adjustment


def _check_order(amount_minor: int, reason_code: str, reason: str) -> None:
    require_amount("amount_minor", amount_minor)
    if (
        not REASON_CODE.fullmatch(reason_code)
        or reason_code.startswith(CLAUSE_REASON)
        or reason_code in (ENDED_EARLY, PRICE_TALK)
    ):
        raise FieldInvalid(
            "reason_code",
            Label(
                f"use a code in snake case, at most 40 letters; {CLAUSE_REASON}, {ENDED_EARLY} and {PRICE_TALK} are of what the market does by itself",
                f"40字以内の英小文字と下線で指定してください。{CLAUSE_REASON}、{ENDED_EARLY}、{PRICE_TALK} は市場が自ら行う処理のためのものです",
            ),
        )
    stated_text("reason", reason, REASON_LENGTH_MAX)
