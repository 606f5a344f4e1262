"""Chooses the cycle of an obligation, and makes obligations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.commissions.queries import require_reducible
from marketplace.kernel import clock
from marketplace.kernel.guards import sql_list
from marketplace.kernel.prepared import columns_of, fetch_models, fetch_prepared
from marketplace.participants.queries import operator_key, operator_organisation

from ...cycles.errors import NoOpenCycle
from ...ground.bulk import insert_columns
from ...ledger.operator_money import within_operator_money
from ..errors import BeyondCaptured, PenaltyBeyondCap
from ..fee_refund_tax import FeeInvoice, RefundedFees
from ..limits import Remaining, remaining_of, tax_of_part
from ..locks import FEE_REFUND_LOCK
from ..models import Obligation, Trade
from ..obligation_kinds import BASE_KINDS, CORRECTION_KINDS, KINDS, Limit, Taxed
from ..shared_prices import shares_of_trade
from ..states import ObligationKind

ATTEMPTS_MAX = 5

_CHOSEN = """
    SELECT id, business_key FROM clearing_cycle
     WHERE currency = %(currency)s
       AND (state = 'open' OR state = 'closing' AND barrier > %(transaction)s::text::xid8)
     ORDER BY id LIMIT 1 FOR SHARE
"""
"""Locks the first row only. If it was closed or validated meanwhile, PostgreSQL judges it anew, and then the next one."""

_STANDING_CORRECTIONS = f"""
    SELECT {columns_of(Obligation, "o")} FROM clearing_obligation o
     WHERE trade_id = %s AND kind IN ({sql_list(CORRECTION_KINDS)}) AND reverses_id IS NULL AND deferred_from_id IS NULL
       AND NOT EXISTS (SELECT FROM clearing_obligation r WHERE r.reverses_id = o.id)
     ORDER BY id
"""  # noqa: S608  our own words


@dataclass(frozen=True, slots=True)
class ChosenCycle:
    """The cycle of an obligation: its database key and its business key."""

    id: int
    business_key: str


def cycle_for(currency: str, transaction_id: int | None) -> ChosenCycle:
    """The cycle for what ``transaction_id`` committed, locked in share mode until this transaction ends.

    What was committed before the barrier of a closing cycle belongs in that cycle, everything else in the open one. The
    lock delays the cycle's next step, which therefore sees what is added. Only the chosen row is locked, so that an
    obligation of the open cycle does not wait for the validation of the closing one. Raises NoOpenCycle.
    """
    values = {"currency": currency, "transaction": transaction_id}
    for _ in range(ATTEMPTS_MAX):
        for row in fetch_prepared(_CHOSEN, values):
            return ChosenCycle(*row)
        # The open cycle was closed while this transaction waited for its lock, and the next one was opened with it.
    raise NoOpenCycle(currency=currency)


def make_base_obligations(trade: Trade, cycle: ChosenCycle, *, planned: bool = True) -> None:
    """Make price and fee of an accepted trade in one statement, and what is withheld and shared of it.

    ``planned``: its agreement may have a charge plan, in which shares stand.
    """
    payer_id = trade.seller_id if trade.fee_payer == "seller" else trade.buyer_id
    made_at = clock.now()
    insert_columns(
        "clearing_obligation",
        {
            "trade_id": ("bigint", [trade.pk] * 2),
            # Price and fee, in the order of BASE_KINDS.
            "kind": ("text", [str(kind) for kind in BASE_KINDS]),
            "debtor_id": ("bigint", [trade.buyer_id, payer_id]),
            "creditor_id": ("bigint", [trade.seller_id, operator_key()]),
            "amount_minor": ("bigint", [trade.captured_price_minor or 0, trade.captured_fee_minor or 0]),
            "tax_minor": ("bigint", [trade.captured_tax_minor or 0, 0]),
            "tax_rate_bp": ("integer", [trade.rate_bp, trade.fee_rate_bp]),
            "currency": ("text", [trade.currency] * 2),
            "cycle_id": ("bigint", [cycle.id] * 2),
            "legal_basis": ("text", [KINDS[kind].legal_basis.value for kind in BASE_KINDS]),
            "made_at": ("timestamptz", [made_at] * 2),
        },
        prepared=True,
    )
    if trade.captured_withholding_minor:
        _make_withholding(trade, cycle, made_at, trade.captured_withholding_minor)
    if planned:
        _make_shares(trade, cycle, made_at)


def _make_withholding(trade: Trade, cycle: ChosenCycle, made_at: datetime, amount_minor: int) -> None:
    """Make what the seller leaves to the buyer of the price, for the buyer to pay to the tax office."""
    Obligation.objects.create(
        trade=trade,
        kind=ObligationKind.WITHHOLDING,
        debtor_id=trade.seller_id,
        creditor_id=trade.buyer_id,
        amount_minor=amount_minor,
        tax_minor=0,
        tax_rate_bp=0,
        currency=trade.currency,
        cycle_id=cycle.id,
        legal_basis=KINDS[ObligationKind.WITHHOLDING].legal_basis,
        source=f"{trade.public_id}:withholding",
        made_at=made_at,
    )


def _make_shares(trade: Trade, cycle: ChosenCycle, made_at: datetime) -> None:
    """Make what the seller owes each beneficiary or member of its pool: its share of the captured price, without tax."""
    rows = shares_of_trade(trade)
    if not rows:
        return
    size = len(rows)
    insert_columns(
        "clearing_obligation",
        {
            "trade_id": ("bigint", [trade.pk] * size),
            "kind": ("text", [ObligationKind.SHARE.value] * size),
            "debtor_id": ("bigint", [trade.seller_id] * size),
            "creditor_id": ("bigint", [key for key, _, _ in rows]),
            "amount_minor": ("bigint", [amount for _, _, amount in rows]),
            "tax_minor": ("bigint", [0] * size),
            "tax_rate_bp": ("integer", [0] * size),
            "currency": ("text", [trade.currency] * size),
            "cycle_id": ("bigint", [cycle.id] * size),
            "legal_basis": ("text", [KINDS[ObligationKind.SHARE].legal_basis.value] * size),
            "beneficiary_key": ("text", [name for _, name, _ in rows]),
            "source": ("text", [f"{trade.public_id}:{name}" for _, name, _ in rows]),
            "made_at": ("timestamptz", [made_at] * size),
        },
    )


def make_correction(
    *,
    trade: Trade,
    kind: ObligationKind,
    debtor_id: int,
    creditor_id: int,
    amount_minor: int,
    source: str,
    transaction_id: int | None = None,
) -> Obligation:
    """Make a correction of a trade between its parties, within what remains of it; the caller has locked the trade.

    Adjustments and refunds carry the tax of ``limits``, so that all parts sum to that of the whole. A penalty is damages,
    which are outside consumption tax (不課税). The seller of commissioned work owes nothing before its fault is recorded. Raises
    BeyondCaptured, PenaltyBeyondCap, ReducedWithoutFault.
    """
    seller_owes = debtor_id == trade.seller_id
    if seller_owes and trade.commissioned:
        require_reducible(trade.agreement)
    remaining = require_within(trade, kind, amount_minor, seller_owes=seller_owes)
    rate_bp = 0 if KINDS[kind].taxed is Taxed.UNTAXED else trade.rate_bp
    return Obligation.objects.create(
        trade=trade,
        kind=kind,
        debtor_id=debtor_id,
        creditor_id=creditor_id,
        amount_minor=amount_minor,
        tax_minor=tax_of_part(remaining, kind, amount_minor, seller_owes=seller_owes),
        tax_rate_bp=rate_bp,
        currency=trade.currency,
        cycle_id=cycle_for(trade.currency, transaction_id).id,
        legal_basis=KINDS[kind].legal_basis,
        source=source,
        made_at=clock.now(),
    )


def require_within(trade: Trade, kind: str, amount_minor: int, *, seller_owes: bool) -> Remaining:
    """What remains of a trade that the caller has locked; raises BeyondCaptured or PenaltyBeyondCap for more than that."""
    limit = KINDS[kind].limit or Limit.PRICE
    remaining = remaining_of(trade)
    left_minor = remaining.left_minor(limit, seller_owes=seller_owes)
    if not 0 < amount_minor <= left_minor:
        refusal = PenaltyBeyondCap if limit is Limit.PENALTY else BeyondCaptured
        raise refusal(trade=trade.public_id, remaining_minor=left_minor)
    return remaining


def make_fee_refund(*, trade: Trade, amount_minor: int, source: str) -> Obligation:
    """Make the refund of the market's fee to its payer, with the tax of ``fee_refund_tax``.

    Raises OperatorMoneyShort if the fee was paid out, and the operator's own money on the client account does not cover it.
    """
    payer = trade.seller_id if trade.fee_payer == "seller" else trade.buyer_id
    FEE_REFUND_LOCK.acquire()
    fees = FeeInvoice(payer, trade.cycle_id or 0, trade.fee_rate_bp)
    refund = Obligation(
        trade=trade,
        kind=ObligationKind.FEE_REFUND,
        debtor_id=operator_organisation().id,
        creditor_id=payer,
        amount_minor=amount_minor,
        tax_minor=RefundedFees([payer]).add(fees, amount_minor),
        tax_rate_bp=trade.fee_rate_bp,
        currency=trade.currency,
        cycle_id=cycle_for(trade.currency, None).id,
        legal_basis=KINDS[ObligationKind.FEE_REFUND].legal_basis,
        source=source,
        made_at=clock.now(),
    )
    with within_operator_money(trade.currency):
        refund.save()
    return refund


def reverse(correction: Obligation, cycle: ChosenCycle, tax_minor: int) -> Obligation:
    """The unsaved obligation that reverses a correction: the same amount in the other direction.

    ``tax_minor`` is that of ``limits``, which can differ by one unit from the tax of the correction.
    """
    return Obligation(
        trade_id=correction.trade_id,
        kind=correction.kind,
        debtor_id=correction.creditor_id,
        creditor_id=correction.debtor_id,
        amount_minor=correction.amount_minor,
        tax_minor=tax_minor,
        tax_rate_bp=correction.tax_rate_bp,
        currency=correction.currency,
        cycle_id=cycle.id,
        legal_basis=correction.legal_basis,
        reverses=correction,
        made_at=clock.now(),
    )


def corrections_at_other_rate(trade: Trade, rate_bp: int) -> list[Obligation]:
    """Reverse the price corrections of a trade that is about to be accepted at another rate of tax than its hold's.

    Returns them, to be made again at that rate (``make_again``) once the trade is accepted; none if the rate is the same.
    """
    if rate_bp == trade.tax_rate_bp:
        return []
    standing = [row for row in _standing_corrections(trade) if KINDS[row.kind].limit is Limit.PRICE]
    _reverse_all(trade, standing)
    return standing


def make_again(trade: Trade, correction: Obligation) -> Obligation:
    """Make a reversed correction of a trade again, at the rate that was captured."""
    return make_correction(
        trade=trade,
        kind=ObligationKind(correction.kind),
        debtor_id=correction.debtor_id,
        creditor_id=correction.creditor_id,
        amount_minor=correction.amount_minor,
        source=f"{correction.source}:rate",
    )


def undo_corrections(trade: Trade) -> int:
    """Reverse the corrections of a trade whose hold was returned; returns how many."""
    corrections = _standing_corrections(trade)
    _reverse_all(trade, corrections)
    return len(corrections)


def _standing_corrections(trade: Trade) -> list[Obligation]:
    """The corrections of a trade that are not reversed, in the order of their keys."""
    return fetch_models(Obligation, _STANDING_CORRECTIONS, [trade.pk])


def _reverse_all(trade: Trade, corrections: list[Obligation]) -> None:
    if not corrections:
        return
    cycle, remaining = cycle_for(trade.currency, None), remaining_of(trade)
    reversals = []
    for correction in corrections:
        seller_owes = correction.creditor_id == trade.seller_id
        tax_minor = tax_of_part(remaining, correction.kind, correction.amount_minor, seller_owes=seller_owes)
        reversals.append(reverse(correction, cycle, tax_minor))
        if KINDS[correction.kind].limit is Limit.PRICE:
            remaining = remaining.after(correction.amount_minor, seller_owes=seller_owes)
    Obligation.objects.bulk_create(reversals)
