"""Correcting what a trade came to: adjustments, refunds and penalties, and undoing one of them."""

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
from ..obligation_reference import named_by, obligation_reference
from ..states import ObligationKind, TradeState
from .eligibility import cycle_for, make_correction, make_fee_refund, reverse
from .holds import evidence, locked_trade, locked_trades

REASON_LENGTH_MAX = 2_000
UNDONE = (TradeState.FAILED, TradeState.REFUNDED)


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
    """Make a correction that was decided elsewhere an obligation of the cycle, once; False if the trade is undone.

    ``kind``: ``adjustment``, ``refund`` or ``penalty``. Of an agreement with several charges it is one of the first
    that stands. The correction of trades that came to nothing has nothing to correct: that is recorded, and no
    money moves. Raises Missing, NotAcceptedYet and BeyondCaptured (refunds and penalties), ValueError.
    """
    if kind not in CORRECTION_KINDS:
        raise ValueError(f"{kind} is no correction")
    trades = locked_trades(agreement)
    trade = next((row for row in trades if row.state not in UNDONE), None)
    if trade is None:
        evidence("adjustment_void", trades[0], actor, adjustment=adjustment, amount_minor=amount_minor)
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
    evidence(
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
    """The seller gives the price of an accepted trade back, in part or (None) all that is left of it, with its tax.

    With the whole price the market gives its fee back, where the rulebook says so (``refund_returns_fee``). What
    beneficiaries got stays theirs. Raises SecondPersonNeeded for a large
    amount, NotAcceptedYet, BeyondCaptured, FieldInvalid, Missing, Forbidden.
    """
    actor.require_operator()
    _check(reason, amount_minor)
    subject = locked_trade(public_id=trade)
    _require_accepted(subject)
    require_second_person(
        actor=actor,
        command="clearing.refund",
        subject=subject.public_id,
        amount_minor=amount_minor or remaining_of(subject)[0],
        currency=subject.currency,
        payload={"amount_minor": amount_minor, "seller": subject.seller_id},
    )
    source = new_identifier("cor")
    if amount_minor is None:
        return give_back_all(actor=actor, trade=subject, source=source, reason=reason)
    return _give_back(actor, subject, amount_minor, source, reason)


def give_back_all(*, actor: Actor, trade: Trade, source: str, reason: str) -> Obligation:
    """Refund what is left of an accepted trade's price; the caller holds it locked. Raises BeyondCaptured."""
    return _give_back(actor, trade, remaining_of(trade)[0], source, reason)


def _give_back(actor: Actor, trade: Trade, amount_minor: int, source: str, reason: str) -> Obligation:
    left_minor, left_tax_minor = remaining_of(trade)
    if not 0 < amount_minor <= left_minor:
        raise BeyondCaptured(trade=trade.public_id, remaining_minor=left_minor)
    whole = amount_minor == left_minor
    tax_minor = left_tax_minor if whole else min(share_of(amount_minor, trade.tax_rate_bp), left_tax_minor)
    obligation = make_correction(
        trade=trade,
        kind=ObligationKind.REFUND,
        debtor_id=trade.seller_id,
        creditor_id=trade.buyer_id,
        amount_minor=amount_minor,
        tax_minor=tax_minor,
        source=source,
    )
    fee_minor = _return_fee(trade, source) if whole else 0
    evidence(
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


def _return_fee(trade: Trade, source: str) -> int:
    """Give the market's fee back, once a trade; how much that was."""
    returned = Obligation.objects.filter(trade=trade, kind=ObligationKind.FEE_REFUND).exists()
    if returned or not trade.captured_fee_minor or not refund_returns_fee():
        return 0
    return make_fee_refund(trade=trade, source=f"{source}:fee").amount_minor


@record_refusals()
def penalise_trade(*, actor: Actor, trade: str, debtor: str, amount_minor: int, reason: str) -> Obligation:
    """A party of an accepted trade (its public identifier) owes the other a penalty, without tax.

    Raises SecondPersonNeeded for a large amount, NotAcceptedYet, FieldInvalid, Missing, Forbidden.
    """
    actor.require_operator()
    _check(reason, amount_minor)
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
    evidence(
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
    """Undo a correction by one obligation of the same amount the other way, once.

    Price, fee and shares are not undone so; a fee that went back with a refund stays back. Raises NotReversible,
    SecondPersonNeeded for a large amount, FieldInvalid, Missing, Forbidden.
    """
    actor.require_operator()
    _check(reason)
    named = named_by(obligation)
    trade = Trade.objects.filter(public_id=named[0]).first() if named else None
    if named is None or trade is None:
        raise Missing(kind="obligation", identifier=obligation)
    locked_trade(pk=trade.pk)
    subject = Obligation.objects.filter(pk=named[1], trade=trade).first()
    if subject is None:
        raise Missing(kind="obligation", identifier=obligation)
    undone = Obligation.objects.filter(reverses=subject).exists()
    corrects = subject.kind in CORRECTION_KINDS and subject.deferred_from_id is None
    if undone or not corrects or subject.reverses_id is not None:
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
    """What of an accepted trade's price, and of its tax, was not given back yet."""
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


def _check(reason: str, amount_minor: int | None = None) -> None:
    if not reason.strip() or len(reason) > REASON_LENGTH_MAX or "\x00" in reason:
        raise FieldInvalid(
            "reason",
            Label(
                f"give the reason, in {REASON_LENGTH_MAX} characters at most",
                f"理由を{REASON_LENGTH_MAX}字以内で入力してください",
            ),
        )
    if amount_minor is not None and amount_minor <= 0:
        raise FieldInvalid(
            "amount_minor",
            Label("give a whole amount above 0", "0より大きい整数の金額を指定してください"),
        )
