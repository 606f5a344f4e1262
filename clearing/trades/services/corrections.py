"""Corrects trades by adjustments, refunds and penalties, and reverses corrections."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Case, F, Sum, Value, When

from marketplace.evidence.services import record
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.money import share_of
from marketplace.kernel.refusals import record_refusals
from marketplace.participants.queries import organisations_by_id

from ...approvals.services import require_second_person
from ...ground.parameters import refund_returns_fee
from ..errors import BeyondCaptured, NotAcceptedYet, NotReversible
from ..models import Obligation, Trade
from ..obligation_kinds import CORRECTION_KINDS, INVOICED_CORRECTIONS
from ..obligation_reference import obligation_reference, parse_obligation_reference
from ..states import ObligationKind, TradeState
from .eligibility import cycle_for, make_correction, make_fee_refund, reverse
from .holds import locked_trade, locked_trades, record_trade

REASON_LENGTH_MAX = 2_000
ENDED_STATES = (TradeState.FAILED, TradeState.REFUNDED)


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
) -> bool:
    """Make a correction that was decided elsewhere an obligation, once; False if all trades failed or were refunded.

    ``kind``: ``adjustment``, ``refund`` or ``penalty``. With several charges it corrects the first trade that did not
    fail and was not refunded. If there is none, that is recorded and no money moves. Raises Missing, NotAcceptedYet and
    BeyondCaptured (refunds and penalties), ValueError.
    """
    if kind not in CORRECTION_KINDS:
        raise ValueError(f"{kind} is not a kind of correction")
    trades = locked_trades(agreement)
    trade = next((row for row in trades if row.state not in ENDED_STATES), None)
    if trade is None:
        record_trade("adjustment_void", trades[0], actor, adjustment=adjustment, amount_minor=amount_minor)
        return False
    if Obligation.objects.filter(source=adjustment).exists():
        return True
    parties = _parties(trade)
    for name in (debtor, creditor):
        if name not in parties:
            raise Missing(kind="party of the trade", identifier=name)
    if kind != ObligationKind.ADJUSTMENT:
        _require_accepted(trade)
    if kind == ObligationKind.REFUND and amount_minor > remaining_of(trade)[0]:
        raise BeyondCaptured(trade=trade.public_id, remaining_minor=remaining_of(trade)[0])
    obligation = make_correction(
        trade=trade,
        kind=ObligationKind(kind),
        debtor_id=parties[debtor],
        creditor_id=parties[creditor],
        amount_minor=amount_minor,
        source=adjustment,
        transaction_id=transaction_id,
    )
    record_trade(
        "adjusted",
        trade,
        actor,
        adjustment=adjustment,
        kind=str(kind),
        amount_minor=amount_minor,
        tax_minor=obligation.tax_minor,
    )
    return True


@record_refusals()
def refund_trade(*, actor: Actor, trade: str, reason: str, amount_minor: int | None = None) -> Obligation:
    """Refund the price of an accepted trade with its tax, in part or (None) all that remains.

    With the whole price the market refunds its fee if the rulebook says so (``refund_returns_fee``). Beneficiaries keep
    their shares. Raises SecondPersonNeeded for a large amount, NotAcceptedYet, BeyondCaptured, FieldInvalid, Missing,
    Forbidden.
    """
    actor.require_operator()
    _check_input(reason, amount_minor)
    subject = locked_trade(public_id=trade)
    _require_accepted(subject)
    remaining_minor = remaining_of(subject)[0]
    wanted_minor = remaining_minor if amount_minor is None else amount_minor
    if not 0 < wanted_minor <= remaining_minor:
        raise BeyondCaptured(trade=subject.public_id, remaining_minor=remaining_minor)
    require_second_person(
        actor=actor,
        command="clearing.refund",
        subject=subject.public_id,
        amount_minor=wanted_minor,
        currency=subject.currency,
        payload={"amount_minor": amount_minor},
    )
    source = new_identifier("cor")
    if amount_minor is None:
        return refund_remainder(actor=actor, trade=subject, source=source, reason=reason)
    return _refund_amount(actor, subject, amount_minor, source, reason)


def refund_remainder(*, actor: Actor, trade: Trade, source: str, reason: str) -> Obligation:
    """Refund what remains of the price of an accepted trade, which the caller has locked. Raises BeyondCaptured."""
    return _refund_amount(actor, trade, remaining_of(trade)[0], source, reason)


def _refund_amount(actor: Actor, trade: Trade, amount_minor: int, source: str, reason: str) -> Obligation:
    remaining_minor, remaining_tax_minor = remaining_of(trade)
    if not 0 < amount_minor <= remaining_minor:
        raise BeyondCaptured(trade=trade.public_id, remaining_minor=remaining_minor)
    is_remainder = amount_minor == remaining_minor
    tax_minor = (
        remaining_tax_minor
        if is_remainder
        else min(share_of(amount_minor, trade.tax_rate_bp), remaining_tax_minor)
    )
    obligation = make_correction(
        trade=trade,
        kind=ObligationKind.REFUND,
        debtor_id=trade.seller_id,
        creditor_id=trade.buyer_id,
        amount_minor=amount_minor,
        tax_minor=tax_minor,
        source=source,
    )
    fee_minor = _refund_fee(trade, source) if is_remainder else 0
    record_trade(
        "refund_ordered",
        trade,
        actor,
        reason=reason.strip(),
        source=source,
        amount_minor=amount_minor,
        tax_minor=tax_minor,
        fee_minor=fee_minor,
    )
    return obligation


def _refund_fee(trade: Trade, source: str) -> int:
    """Refund the market's fee, once per trade; returns the amount."""
    refunded = Obligation.objects.filter(trade=trade, kind=ObligationKind.FEE_REFUND).exists()
    if refunded or not trade.captured_fee_minor or not refund_returns_fee():
        return 0
    return make_fee_refund(trade=trade, source=f"{source}:fee").amount_minor


@record_refusals()
def penalise_trade(*, actor: Actor, trade: str, debtor: str, amount_minor: int, reason: str) -> Obligation:
    """Make a penalty that a party of an accepted trade (its public identifier) owes the other, without tax.

    Raises SecondPersonNeeded for a large amount, NotAcceptedYet, FieldInvalid, Missing, Forbidden.
    """
    actor.require_operator()
    _check_input(reason, amount_minor)
    subject = locked_trade(public_id=trade)
    _require_accepted(subject)
    parties = _parties(subject)
    if debtor not in parties:
        raise FieldInvalid(
            "debtor",
            Label("name the buyer or the seller of the trade", "取引の利用者または提供者を指定してください"),
        )
    debtor_id = parties[debtor]
    require_second_person(
        actor=actor,
        command="clearing.penalty",
        subject=subject.public_id,
        amount_minor=amount_minor,
        currency=subject.currency,
        payload={"amount_minor": amount_minor, "debtor": debtor},
    )
    source = new_identifier("cor")
    obligation = make_correction(
        trade=subject,
        kind=ObligationKind.PENALTY,
        debtor_id=debtor_id,
        creditor_id=subject.buyer_id if debtor_id == subject.seller_id else subject.seller_id,
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

    Price, fee and shares cannot be reversed; a fee refund stays when its refund is reversed. Raises NotReversible,
    SecondPersonNeeded for a large amount, FieldInvalid, Missing, Forbidden.
    """
    actor.require_operator()
    _check_input(reason)
    named = parse_obligation_reference(obligation)
    trade = Trade.objects.filter(public_id=named[0]).first() if named else None
    if named is None or trade is None:
        raise Missing(kind="obligation", identifier=obligation)
    locked_trade(pk=trade.pk)
    subject = Obligation.objects.filter(pk=named[1], trade=trade).first()
    if subject is None:
        raise Missing(kind="obligation", identifier=obligation)
    is_reversed = Obligation.objects.filter(reverses=subject).exists()
    is_correction = subject.kind in CORRECTION_KINDS and subject.deferred_from_id is None
    if is_reversed or not is_correction or subject.reverses_id is not None:
        raise NotReversible(obligation=obligation)
    require_second_person(
        actor=actor,
        command="clearing.reversal",
        subject=obligation,
        amount_minor=subject.amount_minor,
        currency=subject.currency,
        payload={"kind": str(subject.kind), "amount_minor": subject.amount_minor},
    )
    made = reverse(subject, cycle_for(subject.currency, None))
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
            "tax_minor": subject.tax_minor,
            "reason": reason.strip(),
        },
    )
    return made


def remaining_of(trade: Trade) -> tuple[int, int]:
    """The parts of an accepted trade's price and of its tax that are not refunded yet."""
    given: dict[str, Any] = (
        Obligation.objects.filter(
            trade=trade,
            kind__in=INVOICED_CORRECTIONS,
            deferred_from=None,
        )
        .annotate(sign=Case(When(debtor_id=trade.seller_id, then=Value(1)), default=Value(-1)))
        .aggregate(price=Sum(F("amount_minor") * F("sign")), tax=Sum(F("tax_minor") * F("sign")))
    )
    captured_minor, captured_tax_minor = trade.captured_price_minor or 0, trade.captured_tax_minor or 0
    return (
        max(captured_minor - max(given["price"] or 0, 0), 0),
        max(captured_tax_minor - max(given["tax"] or 0, 0), 0),
    )


def _parties(trade: Trade) -> dict[str, int]:
    """The parties of a trade: public identifier → key."""
    views = organisations_by_id((trade.buyer_id, trade.seller_id))
    return {view.public_id: key for key, view in views.items()}


def _require_accepted(trade: Trade) -> None:
    if trade.state != TradeState.ACCEPTED:
        raise NotAcceptedYet(trade=trade.public_id, state=trade.state)


def _check_input(reason: str, amount_minor: int | None = None) -> None:
    if not reason.strip() or len(reason) > REASON_LENGTH_MAX or "\x00" in reason:
        raise FieldInvalid(
            "reason",
            Label(
                f"state a reason of at most {REASON_LENGTH_MAX} characters",
                f"理由を{REASON_LENGTH_MAX}字以内で入力してください",
            ),
        )
    if amount_minor is not None and amount_minor <= 0:
        raise FieldInvalid(
            "amount_minor",
            Label("state a whole amount above 0", "0より大きい整数の金額を指定してください"),
        )
