"""Corrects trades by adjustments, refunds and penalties, and reverses corrections."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from contracts.services import adjustment_carried_out
from listings.states import Charging
from marketplace.evidence.services import record
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.participants.interest_queries import require_unrelated
from marketplace.participants.queries import organisations_by_id

from ...approvals.services import require_second_person
from ...ground.parameters import refund_returns_fee
from ...ledger.errors import OperatorMoneyShort
from ..awaited_models import AwaitedCorrection
from ..errors import NotAcceptedYet, NotReversible
from ..guaranteed_models import PutOffCorrection
from ..limits import ENDED_STATES, remaining_of, remaining_of_all, tax_of_part
from ..models import Obligation, Trade
from ..obligation_kinds import CORRECTION_KINDS, KINDS, Limit
from ..obligation_reference import obligation_reference, parse_obligation_reference
from ..states import ObligationKind, TradeState
from .awaited import await_charge_of, is_to_come, is_uncounted
from .eligibility import cycle_for, make_correction, make_fee_refund, require_within, reverse
from .holds import locked_agreement, locked_trade, record_trade
from .put_offs import make_or_put_off

REASON_LENGTH_MAX = 2_000
PUT_OFF_FEES = Loop("clearing.refund_put_off_fees")
"""By trade: refunds of fees that the operator's own money does not cover yet."""


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
    kind: str = ObligationKind.ADJUSTMENT,
    within_left: bool = False,
    of_paid: bool = False,
    charge: int | None = None,
    waits_for_use: bool = False,
) -> bool:
    """Make a correction that was decided elsewhere an obligation, once; False if there is nothing to correct.

    ``charge``: it corrects the trade of that charge, and nothing if that failed, was refunded or never comes; an adjustment of a charge
    that is to come waits for it, and with ``waits_for_use`` one of a metered period for the count of its use. ``within_left``: at most
    what its trade has left, which is all where clearing returned some by itself; nothing left is nothing due. ``of_paid``: nothing of
    what was never paid in. While the buyer owes the guaranteed part of the trade, it is put off until the bill is paid. Contracts hears
    what moved, and what did not.

    ``kind``: ``adjustment``, ``refund`` or ``penalty``. Without a ``charge`` it corrects the first trade that did not
    fail, was not refunded and has as much left. If all have ended, that is recorded and no money moves. Raises Missing,
    NotAcceptedYet (refunds, penalties and metered periods), BeyondCaptured, PenaltyBeyondCap, ValueError.
    """
    if kind not in CORRECTION_KINDS:
        raise ValueError(f"{kind} is not a kind of correction")
    progress, trades = locked_agreement(agreement)
    if _is_known(adjustment):
        return True
    parties = _parties(trades[0])
    if unknown := {debtor, creditor} - set(parties):
        raise Missing(kind="party of the trade", identifier=min(unknown))
    parted: dict[str, Any] = {
        "debtor_id": parties[debtor], "creditor_id": parties[creditor], "source": adjustment,
    }  # fmt: skip
    if kind == ObligationKind.ADJUSTMENT and not of_paid and charge is not None:
        used = next(iter(_asked(_running(trades), charge)), None) if waits_for_use else None
        if is_uncounted(used) or is_to_come(progress, trades, charge):
            await_charge_of(
                **parted, actor=actor, agreement=agreement, charge=charge, amount_minor=amount_minor
            )
            return True
    ordered_minor, asked = amount_minor, _asked(trades, charge, is_paid=of_paid)
    trade = _correctable(asked, kind, amount_minor, seller_owes=parties.get(debtor) == trades[0].seller_id)
    if trade is not None and within_left:
        left_minor = remaining_of(trade).left_minor(
            KINDS[kind].limit or Limit.PRICE, seller_owes=parties.get(debtor) == trade.seller_id
        )
        amount_minor, trade = min(amount_minor, left_minor), trade if left_minor > 0 else None
    if trade is None:
        about = _asked(trades, charge) or trades
        record_trade("adjustment_void", about[0], actor, adjustment=adjustment, amount_minor=ordered_minor)
        adjustment_carried_out(adjustment=adjustment, moved_minor=0)
        return False
    if kind != ObligationKind.ADJUSTMENT or trade.charging == Charging.METERED:
        require_accepted(trade)
    make_or_put_off(
        **parted,
        trade=trade,
        kind=ObligationKind(kind),
        amount_minor=amount_minor,
        actor=actor,
        transaction_id=transaction_id,
    )
    return True


def _is_known(adjustment: str) -> bool:
    """Whether a correction was made, or waits for a bill or its charge."""
    kept = (Obligation, PutOffCorrection, AwaitedCorrection)
    return any(table.objects.filter(source=adjustment).exists() for table in kept)


def _running(trades: list[Trade]) -> list[Trade]:
    return [row for row in trades if row.state not in ENDED_STATES]


def _asked(trades: list[Trade], charge: int | None, *, is_paid: bool = False) -> list[Trade]:
    """The trade of a charge, or all without one; ``is_paid``: only what was paid in."""
    asked = [row for row in trades if charge in (None, row.charge)]
    return [row for row in asked if row.state != TradeState.CONCLUDED] if is_paid else asked


def _correctable(trades: list[Trade], kind: str, amount_minor: int, *, seller_owes: bool) -> Trade | None:
    """The first trade that has ``amount_minor`` left for the kind, else the first that has not ended, else None."""
    running = _running(trades)
    remaining = remaining_of_all(running)
    limit = KINDS[kind].limit or Limit.PRICE
    enough = (
        row for row in running if amount_minor <= remaining[row.pk].left_minor(limit, seller_owes=seller_owes)
    )
    return next(enough, running[0] if running else None)


@record_refusals()
def refund_trade(*, actor: Actor, trade: str, reason: str, amount_minor: int | None = None) -> Obligation:
    """Refund the price of an accepted trade with its tax, in part or (None) all that remains.

    With the whole price the market refunds its fee if the rulebook says so (``refund_returns_fee``). Beneficiaries keep
    their shares until these are clawed back (``shares``). Raises SecondPersonNeeded for a large amount, Recused, NotAcceptedYet,
    BeyondCaptured, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    check_input(reason, amount_minor)
    subject = locked_trade(public_id=trade)
    require_unrelated(actor, subject.buyer_id, subject.seller_id)
    require_accepted(subject)
    wanted_minor = _left_to_return(subject) if amount_minor is None else amount_minor
    require_within(subject, ObligationKind.REFUND, wanted_minor, seller_owes=True)
    require_second_person(
        actor=actor,
        command="clearing.refund",
        subject=subject.public_id,
        payee=identifier_of(subject, subject.buyer_id),
        amount_minor=wanted_minor,
        currency=subject.currency,
        payload={"amount_minor": amount_minor},
    )
    return _refund_amount(actor, subject, wanted_minor, new_identifier("cor"), reason)


def refund_remainder(*, actor: Actor, trade: Trade, source: str, reason: str) -> Obligation | None:
    """Refund what remains of the price of an accepted trade, which the caller has locked; None if nothing does.

    Nobody waits for an answer, so a fee that the operator's own money does not cover yet stands aside and is refunded later
    (``refund_put_off_fees``).
    """
    left_minor = _left_to_return(trade)
    if not left_minor:
        return None
    return _refund_amount(actor, trade, left_minor, source, reason, puts_fee_off=True)


def refund_put_off_fees(*, actor: Actor = SYSTEM) -> int:
    """Refund the fees that were put off, now that the operator's own money may cover them; returns how many."""
    return PUT_OFF_FEES.each(PUT_OFF_FEES.subjects(), lambda trade: _refund_put_off_fee(actor, trade))


@transaction.atomic
def _refund_put_off_fee(actor: Actor, trade: str) -> bool:
    subject = locked_trade(public_id=trade)
    refunds = Obligation.objects.filter(trade=subject, kind=ObligationKind.REFUND)
    source = refunds.order_by("pk").values_list("source", flat=True).last()
    fee_minor = _refund_fee(subject, source or subject.public_id)
    if fee_minor:
        record_trade("fee_refunded", subject, actor, fee_minor=fee_minor, source=source)
    return bool(fee_minor)


def _left_to_return(trade: Trade) -> int:
    return remaining_of(trade).left_minor(Limit.PRICE, seller_owes=True)


def _refund_amount(
    actor: Actor, trade: Trade, amount_minor: int, source: str, reason: str, *, puts_fee_off: bool = False
) -> Obligation:
    obligation = make_correction(
        trade=trade,
        kind=ObligationKind.REFUND,
        debtor_id=trade.seller_id,
        creditor_id=trade.buyer_id,
        amount_minor=amount_minor,
        source=source,
    )
    try:
        fee_minor = _refund_fee(trade, source)
    except OperatorMoneyShort as refusal:
        if not puts_fee_off:
            raise
        PUT_OFF_FEES.set_aside(trade.public_id, refusal, at_once=True)
        fee_minor = 0
    record_trade(
        "refund_ordered",
        trade,
        actor,
        reason=reason.strip(),
        source=source,
        amount_minor=amount_minor,
        tax_minor=obligation.tax_minor,
        fee_minor=fee_minor,
    )
    return obligation


def _refund_fee(trade: Trade, source: str) -> int:
    """Refund what remains of the market's fee once the whole price is given back; returns the amount."""
    remaining = remaining_of(trade)
    if not remaining.is_whole or not remaining.fee_left_minor or not refund_returns_fee():
        return 0
    return make_fee_refund(
        trade=trade, amount_minor=remaining.fee_left_minor, source=f"{source}:fee"
    ).amount_minor


@record_refusals()
def penalise_trade(*, actor: Actor, trade: str, debtor: str, amount_minor: int, reason: str) -> Obligation:
    """Make a penalty that a party of an accepted trade (its public identifier) owes the other, without tax.

    All penalties of the party together stay within the agreed cap, or else the trade's gross. Raises SecondPersonNeeded
    for a large amount, PenaltyBeyondCap, NotAcceptedYet, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    check_input(reason, amount_minor)
    subject = locked_trade(public_id=trade)
    require_accepted(subject)
    parties = _parties(subject)
    if debtor not in parties:
        raise FieldInvalid(
            "debtor",
            Label("name the buyer or the seller of the trade", "取引の利用者または提供者を指定してください"),
        )
    debtor_id = parties[debtor]
    creditor_id = subject.buyer_id if debtor_id == subject.seller_id else subject.seller_id
    require_within(subject, ObligationKind.PENALTY, amount_minor, seller_owes=debtor_id == subject.seller_id)
    require_second_person(
        actor=actor,
        command="clearing.penalty",
        subject=subject.public_id,
        payee=identifier_of(subject, creditor_id),
        amount_minor=amount_minor,
        currency=subject.currency,
        payload={"amount_minor": amount_minor, "debtor": debtor},
    )
    source = new_identifier("cor")
    obligation = make_correction(
        trade=subject,
        kind=ObligationKind.PENALTY,
        debtor_id=debtor_id,
        creditor_id=creditor_id,
        amount_minor=amount_minor,
        source=source,
    )
    record_trade(
        "penalised",
        subject,
        actor,
        reason=reason.strip(),
        source=source,
        debtor=debtor,
        amount_minor=amount_minor,
    )
    return obligation


@record_refusals()
def reverse_obligation(*, actor: Actor, obligation: str, reason: str) -> Obligation:
    """Reverse a correction, once, by an obligation of the same amount in the other direction.

    Price, fee and shares cannot be reversed; a fee refund stays when its refund is reversed. A reversal is within the
    limit of the price too: what was charged in addition is not reversed if the buyer has it back already. Raises
    NotReversible, BeyondCaptured, SecondPersonNeeded for a large amount, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    check_input(reason)
    named = parse_obligation_reference(obligation)
    trade = Trade.objects.filter(public_id=named[0]).first() if named else None
    if named is None or trade is None:
        raise Missing(kind="obligation", identifier=obligation)
    trade = locked_trade(pk=trade.pk)
    subject = Obligation.objects.filter(pk=named[1], trade=trade).first()
    if subject is None:
        raise Missing(kind="obligation", identifier=obligation)
    is_reversed = Obligation.objects.filter(reverses=subject).exists()
    is_correction = subject.kind in CORRECTION_KINDS and subject.deferred_from_id is None
    if is_reversed or not is_correction or subject.reverses_id is not None:
        raise NotReversible(obligation=obligation)
    tax_minor = _tax_of_reversal(trade, subject)
    require_second_person(
        actor=actor,
        command="clearing.reversal",
        subject=obligation,
        payee=identifier_of(trade, subject.debtor_id),
        amount_minor=subject.amount_minor,
        currency=subject.currency,
        payload={"kind": str(subject.kind), "amount_minor": subject.amount_minor},
    )
    made = reverse(subject, cycle_for(subject.currency, None), tax_minor)
    made.save()
    record(
        kind="clearing.obligation_reversed",
        subject=trade.public_id,
        actor=actor,
        payload={
            "obligation": obligation,
            "by": obligation_reference(trade.public_id, made.pk),
            "kind": subject.kind,
            "amount_minor": subject.amount_minor,
            "tax_minor": made.tax_minor,
            "reason": reason.strip(),
        },
    )
    return made


def _tax_of_reversal(trade: Trade, correction: Obligation) -> int:
    """The tax of the reversal of a correction; raises BeyondCaptured if the price has not as much left."""
    seller_owes = correction.creditor_id == trade.seller_id
    remaining = remaining_of(trade)
    if KINDS[correction.kind].limit is Limit.PRICE and trade.state not in ENDED_STATES:
        remaining = require_within(trade, correction.kind, correction.amount_minor, seller_owes=seller_owes)
    return tax_of_part(remaining, correction.kind, correction.amount_minor, seller_owes=seller_owes)


def _parties(trade: Trade) -> dict[str, int]:
    """The parties of a trade: public identifier → key."""
    views = organisations_by_id((trade.buyer_id, trade.seller_id))
    return {view.public_id: key for key, view in views.items()}


def identifier_of(trade: Trade, party_id: int) -> str:
    """The public identifier of a party of the trade."""
    return next(public_id for public_id, key in _parties(trade).items() if key == party_id)


def require_accepted(trade: Trade) -> None:
    """Raise NotAcceptedYet for a trade that is not accepted."""
    if trade.state != TradeState.ACCEPTED:
        raise NotAcceptedYet(trade=trade.public_id, state=trade.state)


def check_input(reason: str, amount_minor: int | None = None) -> None:
    """Raise FieldInvalid for a reason that is missing or too long, or an amount that is not above zero."""
    stated_text("reason", reason, REASON_LENGTH_MAX)
    if amount_minor is not None and amount_minor <= 0:
        raise FieldInvalid(
            "amount_minor",
            Label("state a whole amount above 0", "0より大きい整数の金額を指定してください"),
        )
