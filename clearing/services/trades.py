"""The life of a trade: concluded, secured, held, released to clearing, refunded or failed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from marketplace.events.schemas.clearing import TradeConcluded, TradeFailed, TradeRefunded, TradeSecured
from marketplace.events.schemas.contracts import AgreementConcluded
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.states import advance
from marketplace.participants.queries import (
    OrganisationView,
    get_organisation,
    organisations_by_id,
)

from ..errors import InsufficientFunds, PartyNotIndependent
from ..ledger.accounts import accounts_of
from ..ledger.journal import Draft, Line, post
from ..models import Balance, Obligation, Trade
from ..parties import party_key
from ..states import TRADE, AccountKind, EntryKind, LineKind, TradeState
from ..trade_terms import business_key_of, charges_of, funding_deadline
from .eligibility import cycle_for, make_adjustment, make_base_obligations, undo_corrections


@transaction.atomic
def conclude_trade(*, actor: Actor, agreement: AgreementConcluded, concluded_at: datetime) -> Trade:
    """Make the trade of an agreement, and secure it at once if the buyer's money is there.

    Repeating it returns the trade that stands. Emits trade.concluded, and trade.secured. Raises
    PartyNotIndependent, Missing.
    """
    existing = Trade.objects.filter(agreement=agreement.agreement, charge=1).first()
    if existing is not None:
        return existing
    buyer, seller = get_organisation(agreement.buyer), get_organisation(agreement.seller)
    for party in (buyer, seller):
        if party.is_operator or party.affiliate:
            raise PartyNotIndependent(organisation=party.public_id)
    charges = charges_of(
        price_minor=agreement.price_minor,
        currency=agreement.currency,
        tax_category=agreement.tax_category,
        segment=agreement.segment,
        concluded_at=concluded_at,
    )
    buyer_key, seller_key = party_key(buyer), party_key(seller)
    trade = Trade.objects.create(
        business_key=business_key_of(buyer_key, agreement.reference),
        buyer_key=buyer_key,
        seller_key=seller_key,
        agreement=agreement.agreement,
        reference=agreement.reference,
        listing=agreement.listing,
        listing_version=agreement.listing_version,
        segment=agreement.segment,
        buyer_id=buyer.id,
        seller_id=seller.id,
        currency=agreement.currency,
        price_minor=agreement.price_minor,
        tax_minor=charges.tax_minor,
        tax_rate_bp=charges.tax_rate_bp,
        tax_category=agreement.tax_category,
        fee_minor=charges.fee_minor,
        fee_tax_rate_bp=charges.fee_tax_rate_bp,
        fee_payer=charges.fee_payer,
        tariff=charges.tariff,
        rulebook=charges.rulebook,
        fee_tiered=charges.fee_tiered,
        inspection_days=agreement.inspection_days,
        fund_by=funding_deadline(concluded_at, agreement.funding_days),
        concluded_at=concluded_at,
    )
    gross_minor = trade.price_minor + trade.tax_minor
    _evidence("concluded", trade, actor, gross_minor=gross_minor, currency=trade.currency)
    emit(
        TradeConcluded(
            trade=trade.public_id,
            agreement=trade.agreement,
            buyer=buyer.public_id,
            seller=seller.public_id,
            gross_minor=gross_minor,
            currency=trade.currency,
            fund_by=trade.fund_by.isoformat(),
        )
    )
    _try_to_secure(_locked(agreement=trade.agreement, charge=1), {buyer.id: buyer, seller.id: seller}, actor)
    return _locked(agreement=trade.agreement, charge=1)


@transaction.atomic
def secure_waiting_trades(*, actor: Actor, organisation_id: int, currency: str) -> int:
    """Secure what the buyer's money covers of its waiting trades; returns how many were secured.

    The order is published and the same for everybody: earlier concluded first; a trade that the money left does
    not cover is passed over, and waits on.
    """
    waiting = lock_waiting_trades([organisation_id], currency)
    waiting.sort(key=lambda trade: (trade.concluded_at, trade.pk))
    parties = organisations_by_id({key for trade in waiting for key in (trade.buyer_id, trade.seller_id)})
    secured = 0
    for trade in waiting:
        if trade.gross_minor <= _available_minor(organisation_id, currency):
            secured += _try_to_secure(trade, parties, actor)
    return secured


def lock_waiting_trades(organisation_ids: Collection[int], currency: str) -> list[Trade]:
    """The waiting trades of buyers, locked in key order.

    Whoever moves money of a buyer and then secures its trades locks the trades first: everybody locks trades
    before balances, so that two of them never wait for each other.
    """
    return list(
        Trade.objects.select_for_update(no_key=True)
        .filter(buyer_id__in=organisation_ids, currency=currency, state=TradeState.CONCLUDED)
        .order_by("pk")
    )


def _available_minor(organisation_id: int, currency: str) -> int:
    balance = Balance.objects.filter(
        account__organisation_id=organisation_id,
        account__kind=AccountKind.AVAILABLE,
        account__currency=currency,
    ).first()
    return -balance.balance_minor if balance else 0


def _try_to_secure(trade: Trade, parties: dict[int, OrganisationView], actor: Actor) -> bool:
    """Hold the trade's money and say so; False, with nothing changed, while there is not enough of it."""
    buyer, seller = parties[trade.buyer_id], parties[trade.seller_id]
    if trade.gross_minor:
        accounts = accounts_of(buyer.id, trade.currency)
        held = Line(
            LineKind.HOLD,
            accounts[AccountKind.AVAILABLE],
            accounts[AccountKind.HELD],
            trade.gross_minor,
            trade.pk,
        )
        try:
            _post(EntryKind.HOLD, trade, held)
        except InsufficientFunds:
            return False
    advance(trade, TRADE, command="secure", role="system", secured_at=clock.now())
    _evidence("secured", trade, actor, gross_minor=trade.gross_minor, currency=trade.currency)
    emit(
        TradeSecured(
            trade=trade.public_id,
            agreement=trade.agreement,
            listing=trade.listing,
            listing_version=trade.listing_version,
            buyer=buyer.public_id,
            seller=seller.public_id,
            inspection_days=trade.inspection_days,
        )
    )
    return True


@transaction.atomic
def fail_trade(*, actor: Actor, trade: str) -> bool:
    """End a trade whose money did not come in time; False if it was secured meanwhile or is not due.

    Emits trade.failed.
    """
    subject = _locked(public_id=trade)
    if subject.state != TradeState.CONCLUDED or subject.fund_by > clock.now():
        return False
    advance(subject, TRADE, command="fail", role="system", ended_at=clock.now())
    undo_corrections(subject)
    _evidence("failed", subject, actor, reason_code="not_funded")
    parties = organisations_by_id({subject.buyer_id, subject.seller_id})
    emit(
        TradeFailed(
            trade=subject.public_id,
            agreement=subject.agreement,
            buyer=parties[subject.buyer_id].public_id,
            seller=parties[subject.seller_id].public_id,
            reason_code="not_funded",
        )
    )
    return True


@transaction.atomic
def accept_trade(
    *,
    actor: Actor,
    agreement: str,
    transaction_id: int | None,
    charge: int = 1,
    used_minor: int | None = None,
) -> Trade:
    """Release the money of an accepted delivery, and make what is owed by it in the cycle it belongs to.

    ``transaction_id`` is the one that committed the acceptance; it decides about a cut-off. ``used_minor`` is the
    price without tax of what was used, where that is less than what was held: the rest goes back to the buyer.
    On a trade that is accepted or undone nothing happens. Raises IllegalTransition where a complaint is open,
    NoOpenCycle, and ValueError for more than was held.
    """
    trade = _locked(agreement=agreement, charge=charge)
    if trade.state in (TradeState.ACCEPTED, TradeState.REFUNDED):
        return trade
    captured = _captured(trade, used_minor)
    cycle = cycle_for(trade.currency, transaction_id)
    advance(
        trade,
        TRADE,
        command="accept",
        role="system",
        accepted_at=clock.now(),
        cycle_id=cycle.id,
        **captured,
    )
    make_base_obligations(trade)
    _capture_hold(trade)
    gross_minor = (trade.captured_price_minor or 0) + (trade.captured_tax_minor or 0)
    _evidence("accepted", trade, actor, gross_minor=gross_minor, cycle=cycle.business_key)
    return trade


def _captured(trade: Trade, used_minor: int | None) -> dict[str, int]:
    """Price, tax and fee of what was used; of less than was held, by the tariff and rates of the conclusion."""
    if used_minor is None or used_minor == trade.price_minor:
        return {
            "captured_price_minor": trade.price_minor,
            "captured_tax_minor": trade.tax_minor,
            "captured_fee_minor": trade.fee_minor,
        }
    if not 0 <= used_minor < trade.price_minor:
        raise ValueError(f"{used_minor} is not within what was held for {trade.public_id}")
    charges = charges_of(
        price_minor=used_minor,
        currency=trade.currency,
        tax_category=trade.tax_category,
        segment=trade.segment,
        concluded_at=trade.concluded_at,
    )
    return {
        "captured_price_minor": used_minor,
        "captured_tax_minor": charges.tax_minor,
        "captured_fee_minor": charges.fee_minor,
    }


@transaction.atomic
def hold_trade(*, actor: Actor, agreement: str, dispute: str) -> Trade:
    """Hold a secured trade while a complaint is open; harmless on a trade that has moved on."""
    trade = _locked(agreement=agreement, charge=1)
    if trade.state == TradeState.SECURED:
        advance(trade, TRADE, command="hold", role="system")
        _evidence("held", trade, actor, dispute=dispute)
    return trade


@transaction.atomic
def resolve_trade(*, actor: Actor, agreement: str, dispute: str, refund: bool) -> Trade:
    """End the hold of a complaint: the trade goes on, or its money goes back. Emits trade.refunded.

    Harmless on a trade that is not held.
    """
    trade = _locked(agreement=agreement, charge=1)
    if trade.state != TradeState.DISPUTED:
        return trade
    if not refund:
        advance(trade, TRADE, command="resume", role="system")
        _evidence("resumed", trade, actor, dispute=dispute)
        return trade
    lock_waiting_trades([trade.buyer_id], trade.currency)
    advance(trade, TRADE, command="refund", role="system", ended_at=clock.now())
    undo_corrections(trade)
    _return_hold(trade)
    _evidence("refunded", trade, actor, dispute=dispute, gross_minor=trade.gross_minor)
    parties = organisations_by_id({trade.buyer_id, trade.seller_id})
    emit(
        TradeRefunded(
            trade=trade.public_id,
            agreement=trade.agreement,
            buyer=parties[trade.buyer_id].public_id,
            seller=parties[trade.seller_id].public_id,
            amount_minor=trade.gross_minor,
            currency=trade.currency,
        )
    )
    secure_waiting_trades(actor=SYSTEM, organisation_id=trade.buyer_id, currency=trade.currency)
    return trade


@transaction.atomic
def adjust_trade(
    *,
    actor: Actor,
    agreement: str,
    adjustment: str,
    debtor: str,
    creditor: str,
    amount_minor: int,
    transaction_id: int | None,
) -> bool:
    """Make a price correction of a trade an obligation of the cycle, once; False if the trade is undone.

    The correction of a trade that came to nothing has nothing to correct: that is recorded, and no money moves.
    """
    trade = _locked(agreement=agreement, charge=1)
    if trade.state in (TradeState.FAILED, TradeState.REFUNDED):
        _evidence("adjustment_void", trade, actor, adjustment=adjustment, amount_minor=amount_minor)
        return False
    if Obligation.objects.filter(source=adjustment).exists():
        return True
    parties = {
        view.public_id: key for key, view in organisations_by_id((trade.buyer_id, trade.seller_id)).items()
    }
    for name in (debtor, creditor):
        if name not in parties:
            raise Missing(kind="party of the trade", identifier=name)
    obligation = make_adjustment(
        trade=trade,
        debtor_id=parties[debtor],
        creditor_id=parties[creditor],
        amount_minor=amount_minor,
        source=adjustment,
        transaction_id=transaction_id,
    )
    _evidence(
        "adjusted",
        trade,
        actor,
        adjustment=adjustment,
        amount_minor=amount_minor,
        tax_minor=obligation.tax_minor,
    )
    return True


def _locked(**lookup: Any) -> Trade:
    trade = Trade.objects.select_for_update(no_key=True).filter(**lookup).first()
    if trade is None:
        raise Missing(kind="trade", identifier=next(iter(lookup.values())))
    return trade


def _capture_hold(trade: Trade) -> None:
    """End the hold of an accepted trade: what is owed becomes payable, what was not used is the buyer's again."""
    captured_minor = (trade.captured_price_minor or 0) + (trade.captured_tax_minor or 0)
    unused_minor = trade.gross_minor - captured_minor
    if not captured_minor:
        _return_hold(trade)
        return
    accounts = accounts_of(trade.buyer_id, trade.currency)
    held = accounts[AccountKind.HELD]
    lines = [Line(LineKind.UNHOLD, held, accounts[AccountKind.PAYABLE], captured_minor, trade.pk)]
    if unused_minor:
        lines.append(Line(LineKind.UNUSED, held, accounts[AccountKind.AVAILABLE], unused_minor, trade.pk))
    _post(EntryKind.RELEASE, trade, *lines)


def _return_hold(trade: Trade) -> None:
    """End the hold of a trade of which nothing is owed: all of it is the buyer's again."""
    if not trade.gross_minor:
        return
    accounts = accounts_of(trade.buyer_id, trade.currency)
    returned = Line(
        LineKind.UNHOLD,
        accounts[AccountKind.HELD],
        accounts[AccountKind.AVAILABLE],
        trade.gross_minor,
        trade.pk,
    )
    _post(EntryKind.RETURN, trade, returned)


def _post(kind: str, trade: Trade, *lines: Line) -> None:
    draft = Draft(
        kind=kind,
        reference=f"{kind}:{trade.public_id}",
        lines=lines,
        trade_id=trade.pk,
        organisation_id=trade.buyer_id,
        description=trade.business_key[:200],
    )
    post([draft], currency=trade.currency, purpose=trade.public_id)


def _evidence(what: str, trade: Trade, actor: Actor, **payload: Any) -> None:
    record(
        kind=f"clearing.trade_{what}",
        subject=trade.public_id,
        actor=actor,
        payload={"agreement": trade.agreement, **payload},
    )
