"""Allocates pay-ins in suspense to their owners."""

from __future__ import annotations

from marketplace.events.schemas.clearing import PaymentReceived
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import record_refusals
from marketplace.participants.queries import get_organisation

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
def allocate_pay_in(*, actor: Actor, bank_entry: str, organisation: str) -> BankEntry:
    """Credit an unrecognised pay-in to the participant that the operator names.

    Emits payment.received and secures waiting trades. Raises SecondPersonNeeded for a large amount, NotUnallocated,
    Missing, Forbidden.
    """
    actor.require_operator()
    MOVER_LOCK.acquire()
    entry = BankEntry.objects.filter(public_id=bank_entry).first()
    if entry is None:
        raise Missing(kind="bank entry", identifier=bank_entry)
    is_pay_in = entry.match == BankMatch.UNALLOCATED and entry.direction == BankDirection.CREDIT
    if not is_pay_in or hasattr(entry, "allocation") or hasattr(entry, "recoupment"):
        raise NotUnallocated(bank_entry=bank_entry)
    payer = get_organisation(organisation)
    if payer.is_operator:
        raise FieldInvalid("organisation", Label("name a participant", "参加者を指定してください"))
    require_second_person(
        actor=actor,
        command="clearing.allocate_pay_in",
        subject=entry.public_id,
        payee=payer.public_id,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        payload={"organisation": payer.public_id},
    )
    lock_waiting_trades([payer.id], entry.currency)
    own = accounts_of(payer.id, entry.currency)
    market = market_accounts(entry.currency)
    received = Line(
        LineKind.PAY_IN,
        market[AccountKind.UNALLOCATED],
        own[AccountKind.AVAILABLE],
        entry.amount_minor,
    )
    draft = Draft(
        kind=EntryKind.ALLOCATION,
        reference=f"allocation:{entry.public_id}",
        lines=[received],
        organisation_id=payer.id,
        description=entry.remittance_information[:200],
    )
    BankAllocation.objects.create(
        bank_entry=entry, organisation_id=payer.id, decided_by=actor.identifier, decided_at=clock.now()
    )
    post([draft], currency=entry.currency, purpose=entry.public_id)
    collect_from_pay_in(payer=payer, currency=entry.currency, reference=entry.public_id)
    record(
        kind="clearing.pay_in_allocated",
        subject=entry.public_id,
        actor=actor,
        payload={"organisation": payer.public_id, "amount_minor": entry.amount_minor},
    )
    emit(
        PaymentReceived(
            organisation=payer.public_id,
            amount_minor=entry.amount_minor,
            currency=entry.currency,
            bank_reference=entry.entry_reference,
        )
    )
    secure_waiting_trades(actor=SYSTEM, organisation_id=payer.id, currency=entry.currency)
    return entry
