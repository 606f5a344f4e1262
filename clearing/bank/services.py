"""Allocates pay-ins in suspense to their owners: participants, or the operator."""

from __future__ import annotations

from marketplace.events.schemas.clearing import PaymentReceived
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.participants.queries import OrganisationView, get_organisation

from ..approvals.services import require_second_person
from ..ledger.accounts import accounts_of, market_accounts
from ..ledger.journal import Draft, Line, post
from ..ledger.locks import MOVER_LOCK
from ..ledger.states import AccountKind, EntryKind, LineKind
from ..shortfalls.services.claims import collect_from_pay_in
from ..trades.services.holds import lock_waiting_trades
from ..trades.services.trades import secure_waiting_trades
from .errors import NotUnallocated
from .models import BankAllocation, BankEntry
from .states import BankDirection, BankMatch


@record_refusals()
def allocate_pay_in(*, actor: Actor, bank_entry: str, organisation: str, reason: str = "") -> BankEntry:
    """Credit an unrecognised pay-in to the participant that the operator names, or to the operator's own money.

    To itself the operator allocates what two people found to be its own, for any amount, such as interest; ``reason`` says
    why. To a participant: emits payment.received and secures waiting trades. Raises SecondPersonNeeded, NotUnallocated,
    FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    MOVER_LOCK.acquire()
    entry = _receipt_in_suspense(bank_entry)
    owner = get_organisation(organisation)
    why = reason.strip()
    if owner.is_operator != bool(why):
        raise FieldInvalid(
            "reason",
            Label(
                "state why the money is the operator's own; leave it out for a participant",
                "運営者の自己資金とする場合に限り、その根拠を入力してください",
            ),
        )
    require_second_person(
        actor=actor,
        command="clearing.allocate_pay_in",
        subject=entry.public_id,
        payee=owner.public_id,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        payload={"organisation": owner.public_id, "reason": why},
        always=owner.is_operator,
    )
    BankAllocation.objects.create(
        bank_entry=entry,
        organisation_id=owner.id,
        reason=why,
        decided_by=actor.identifier,
        decided_at=clock.now(),
    )
    if owner.is_operator:
        _post(entry, owner, market_accounts(entry.currency)[AccountKind.OWN_FUNDS])
    else:
        _credit(entry, owner)
    record(
        kind="clearing.pay_in_allocated",
        subject=entry.public_id,
        actor=actor,
        payload={"organisation": owner.public_id, "amount_minor": entry.amount_minor, "reason": why},
    )
    if not owner.is_operator:
        emit(
            PaymentReceived(
                organisation=owner.public_id,
                amount_minor=entry.amount_minor,
                currency=entry.currency,
                bank_reference=entry.entry_reference,
            )
        )
        secure_waiting_trades(actor=SYSTEM, organisation_id=owner.id, currency=entry.currency, again=True)
    return entry


def _receipt_in_suspense(bank_entry: str) -> BankEntry:
    """A receipt in suspense that nobody decided on. Raises NotUnallocated, Missing."""
    entry = BankEntry.objects.filter(public_id=bank_entry).first()
    if entry is None:
        raise Missing(kind="bank entry", identifier=bank_entry)
    is_pay_in = entry.match == BankMatch.UNALLOCATED and entry.direction == BankDirection.CREDIT
    if not is_pay_in or hasattr(entry, "allocation") or hasattr(entry, "recoupment"):
        raise NotUnallocated(bank_entry=bank_entry)
    return entry


def _credit(entry: BankEntry, payer: OrganisationView) -> None:
    """Post the pay-in to the participant; what it owes the reserve is collected from it."""
    lock_waiting_trades([payer.id], entry.currency)
    _post(entry, payer, accounts_of(payer.id, entry.currency)[AccountKind.AVAILABLE])
    collect_from_pay_in(payer=payer, currency=entry.currency, reference=entry.public_id)


def _post(entry: BankEntry, owner: OrganisationView, account: int) -> None:
    suspense = market_accounts(entry.currency)[AccountKind.UNALLOCATED]
    draft = Draft(
        kind=EntryKind.ALLOCATION,
        reference=f"allocation:{entry.public_id}",
        lines=[Line(LineKind.PAY_IN, suspense, account, entry.amount_minor)],
        organisation_id=owner.id,
        description=entry.remittance_information[:200],
    )
    post([draft], currency=entry.currency, purpose=entry.public_id)
