"""Collects claims from pay-ins and writes them off."""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.evidence.services import Fact, record, record_all
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.participants.queries import OrganisationView, get_organisation

from ...approvals.services import require_second_person
from ...ledger.accounts import accounts_of, market_accounts, require_cleared
from ...ledger.errors import InsufficientFunds
from ...ledger.journal import Draft, Line, post
from ...ledger.locking import lock_balances
from ...ledger.locks import MOVER_LOCK
from ...ledger.states import AccountKind, EntryKind, LineKind
from ..queries import Funds, funds_of
from ..states import APPROVED_COMMANDS, FundsDecisionKind
from .deposits import record_decision, require_participant, stated_reason


@record_refusals()
def write_off_claim(
    *, actor: Actor, organisation: str, amount_minor: int, reason: str, currency: str = "JPY"
) -> Funds:
    """Write off a claim on a participant, or a part of it; returns the participant's funds.

    The operator bears the loss: the claim and the reserve that lent it shrink by the same amount, so the client account
    still covers what is owed to participants. Raises InsufficientFunds if the claim is smaller, SecondPersonNeeded for
    a large amount, Missing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_amount("amount_minor", amount_minor)
    require_cleared(currency)
    why = stated_reason(reason)
    debtor = get_organisation(organisation)
    require_participant(debtor)
    MOVER_LOCK.acquire()
    if amount_minor > funds_of(debtor, currency).claim_minor:
        raise InsufficientFunds(reference=debtor.public_id)
    approval = require_second_person(
        actor=actor,
        command=APPROVED_COMMANDS[FundsDecisionKind.CLAIM_WRITTEN_OFF],
        subject=debtor.public_id,
        payee=debtor.public_id,
        amount_minor=amount_minor,
        currency=currency,
        payload={"amount_minor": amount_minor},
    )
    decision = record_decision(
        actor,
        FundsDecisionKind.CLAIM_WRITTEN_OFF,
        debtor,
        currency=currency,
        amount_minor=amount_minor,
        reason=why,
        approval=approval,
    )
    own, market = accounts_of(debtor.id, currency), market_accounts(currency)
    lost = market[AccountKind.WRITE_OFF]
    draft = Draft(
        kind=EntryKind.WRITE_OFF,
        reference=f"write_off:{decision.public_id}",
        lines=[
            Line(LineKind.WRITTEN_OFF, lost, own[AccountKind.CLAIM], amount_minor),
            Line(LineKind.RESERVE_USED, market[AccountKind.RESERVE], lost, amount_minor),
        ],
        organisation_id=debtor.id,
    )
    post([draft], currency=currency, purpose=debtor.public_id)
    record(
        kind="clearing.claim_written_off",
        subject=debtor.public_id,
        actor=actor,
        payload={"amount_minor": amount_minor, "currency": currency, "reason": why},
    )
    return funds_of(debtor, currency)


def collect_from_pay_in(*, payer: OrganisationView, currency: str, reference: str) -> int:
    """Collect the claim on a suspended participant from its pay-in; returns the collected amount.

    Claims on other participants are collected from their next cycles; their pay-ins stay available to them.
    ``reference`` names the pay-in. The caller holds ``MOVER_LOCK``.
    """
    if payer.is_active:
        return 0
    accounts = accounts_of(payer.id, currency)
    balances = lock_balances(accounts[kind] for kind in (AccountKind.AVAILABLE, AccountKind.CLAIM))
    repaid = recovery(
        payer=payer, currency=currency, reference=reference, accounts=accounts, balances=balances
    )
    if repaid is None:
        return 0
    draft, fact = repaid
    post([draft], currency=currency, purpose=reference)
    record_all([fact])
    return sum(line.amount_minor for line in draft.lines)


def recovery(
    *,
    payer: OrganisationView,
    currency: str,
    reference: str,
    accounts: Mapping[str, int],
    balances: Mapping[int, int],
) -> tuple[Draft, Fact] | None:
    """The journal entry and evidence that repay the claim on a suspended participant from its pay-in; None if none is due.

    ``accounts``: the participant's, by kind. ``balances``: signed, by account, with the pay-in.
    """
    if payer.is_active:
        return None
    available, claim = accounts[AccountKind.AVAILABLE], accounts[AccountKind.CLAIM]
    collected = min(-balances[available], balances[claim])
    if not collected:
        return None
    draft = Draft(
        kind=EntryKind.RECOVERY,
        reference=f"recovery:{reference}",
        lines=[Line(LineKind.RECOVERED, available, claim, collected)],
        organisation_id=payer.id,
    )
    fact = Fact(
        kind="clearing.claim_collected",
        subject=payer.public_id,
        actor=SYSTEM,
        payload={"amount_minor": collected, "currency": currency, "pay_in": reference},
    )
    return draft, fact
