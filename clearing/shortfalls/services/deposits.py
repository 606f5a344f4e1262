"""Security deposits: a participant's own money, kept back for what it may owe."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.participants.queries import OrganisationView, get_organisation, organisations_by_id

from ...approvals.services import require_second_person
from ...guarantees.queries import free_deposit_minor, lock_guarantees
from ...ledger.accounts import accounts_of, require_cleared
from ...ledger.errors import InsufficientFunds
from ...ledger.journal import Draft, Line, post
from ...ledger.locking import lock_balances
from ...ledger.states import AccountKind, EntryKind, LineKind
from ...trades.guaranteed_models import billed_minor
from ...trades.services.holds import lock_waiting_trades
from ...trades.services.trades import secure_waiting_trades
from ..errors import ClaimOutstanding, DepositBacksLimit
from ..models import REASON_LENGTH_MAX, FundsDecision
from ..queries import Funds, funds_of
from ..states import APPROVED_COMMANDS, FundsDecisionKind


@transaction.atomic
def pay_deposit(*, actor: Actor, amount_minor: int, currency: str) -> Funds:
    """Move available money of the actor's organisation into its security deposit; returns its funds.

    What it was billed for stays available. Raises InsufficientFunds, FieldInvalid, Forbidden.
    """
    actor.require(Permission.MONEY_WRITE)
    organisation_id = actor.require_organisation()
    require_amount("amount_minor", amount_minor)
    require_cleared(currency)
    owner = organisations_by_id([organisation_id])[organisation_id]
    require_participant(owner)
    accounts = accounts_of(owner.id, currency)
    available = accounts[AccountKind.AVAILABLE]
    if amount_minor > -lock_balances([available]).get(available, 0) - billed_minor(owner.id, currency):
        raise InsufficientFunds(reference=owner.public_id)
    line = Line(
        LineKind.DEPOSITED, accounts[AccountKind.AVAILABLE], accounts[AccountKind.DEPOSIT], amount_minor
    )
    decision = record_decision(
        actor, FundsDecisionKind.DEPOSIT_PAID, owner, currency=currency, amount_minor=amount_minor
    )
    _post(owner, line, decision)
    record(
        kind="clearing.deposit_paid",
        subject=owner.public_id,
        actor=actor,
        payload={"amount_minor": amount_minor, "currency": currency},
    )
    return funds_of(owner, currency)


@record_refusals()
def release_deposit(
    *, actor: Actor, organisation: str, amount_minor: int, reason: str, currency: str = "JPY"
) -> Funds:
    """Release a participant's security deposit, or a part of it, to its available money; returns its funds.

    Secures its waiting trades with the money. Raises ClaimOutstanding while a claim on it is open, DepositBacksLimit for what
    backs a limit in use, InsufficientFunds, SecondPersonNeeded for a large amount, Missing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_amount("amount_minor", amount_minor)
    require_cleared(currency)
    why = stated_reason(reason)
    owner = get_organisation(organisation)
    require_participant(owner)
    lock_waiting_trades([owner.id], currency)
    lock_guarantees([owner.id], currency)
    accounts = accounts_of(owner.id, currency)
    kinds = (AccountKind.AVAILABLE, AccountKind.DEPOSIT, AccountKind.CLAIM)
    balances = lock_balances(accounts[kind] for kind in kinds)
    claim_minor = balances[accounts[AccountKind.CLAIM]]
    if claim_minor:
        raise ClaimOutstanding(organisation=organisation, claim_minor=claim_minor, currency=currency)
    if amount_minor > funds_of(owner, currency).deposit_minor:
        raise InsufficientFunds(reference=owner.public_id)
    free_minor = free_deposit_minor([owner.id], currency).get(owner.id, 0)
    if amount_minor > free_minor:
        raise DepositBacksLimit(organisation=organisation, free_minor=free_minor, currency=currency)
    approval = require_second_person(
        actor=actor,
        command=APPROVED_COMMANDS[FundsDecisionKind.DEPOSIT_RELEASED],
        subject=owner.public_id,
        payee=owner.public_id,
        amount_minor=amount_minor,
        currency=currency,
        payload={"amount_minor": amount_minor},
    )
    line = Line(
        LineKind.DEPOSIT_RELEASED,
        accounts[AccountKind.DEPOSIT],
        accounts[AccountKind.AVAILABLE],
        amount_minor,
    )
    decision = record_decision(
        actor,
        FundsDecisionKind.DEPOSIT_RELEASED,
        owner,
        currency=currency,
        amount_minor=amount_minor,
        reason=why,
        approval=approval,
    )
    _post(owner, line, decision)
    record(
        kind="clearing.deposit_released",
        subject=owner.public_id,
        actor=actor,
        payload={"amount_minor": amount_minor, "currency": currency, "reason": why},
    )
    secure_waiting_trades(actor=SYSTEM, organisation_id=owner.id, currency=currency, again=True)
    return funds_of(owner, currency)


def record_decision(
    actor: Actor, kind: FundsDecisionKind, owner: OrganisationView, **values: Any
) -> FundsDecision:
    """Record the decision that causes the journal entry which the caller posts; ``values``: its other columns."""
    return FundsDecision.objects.create(
        kind=kind, organisation_id=owner.id, decided_by=actor.identifier, decided_at=clock.now(), **values
    )


def _post(owner: OrganisationView, line: Line, decision: FundsDecision) -> None:
    draft = Draft(
        kind=EntryKind.DEPOSIT,
        reference=f"deposit:{decision.public_id}",
        lines=[line],
        organisation_id=owner.id,
    )
    post([draft], currency=decision.currency, purpose=owner.public_id)


def require_participant(owner: OrganisationView) -> None:
    """Raise FieldInvalid for the operator, whose money is not a participant's."""
    if owner.is_operator:
        raise FieldInvalid("organisation", Label("name a participant", "参加者を指定してください"))


def stated_reason(reason: str) -> str:
    """The reason without surrounding blanks; raises FieldInvalid if it is empty or too long."""
    return stated_text("reason", reason, REASON_LENGTH_MAX)
