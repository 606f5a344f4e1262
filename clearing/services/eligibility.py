"""Into which cycle an obligation goes, and making it there."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from marketplace.kernel import clock
from marketplace.kernel.money import share_of
from marketplace.participants.queries import operator_organisation

from ..errors import NoOpenCycle
from ..models import Obligation, Trade
from ..states import LegalBasis, ObligationKind

ATTEMPTS_MAX = 5


@dataclass(frozen=True, slots=True)
class ChosenCycle:
    """A cycle that takes an obligation: its database key and its business key."""

    id: int
    business_key: str


def cycle_for(currency: str, transaction_id: int | None) -> ChosenCycle:
    """The cycle for what ``transaction_id`` committed, locked in share mode until this transaction ends.

    What was committed before the barrier of a closing cycle belongs in it, everything else in the open cycle. The
    lock keeps the cycle's next step waiting, so what is added is seen by it. Only the row that is chosen is locked,
    so that nobody waits for the validation of a cycle he has no part in. Raises NoOpenCycle.
    """
    for _ in range(ATTEMPTS_MAX):
        chosen, state = _choose(currency, transaction_id)
        if _lock(chosen, state):
            return chosen
        # It was closed, or validated, while we waited for its lock: choose anew.
    raise NoOpenCycle(currency=currency)


def _choose(currency: str, transaction_id: int | None) -> tuple[ChosenCycle, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, business_key, state, barrier::text FROM clearing_cycle"
            " WHERE currency = %s AND state IN ('open', 'closing') ORDER BY id",
            [currency],
        )
        for key, business_key, state, barrier in cursor.fetchall():
            if state == "open" or (transaction_id is not None and transaction_id < int(barrier)):
                return ChosenCycle(key, business_key), state
    raise NoOpenCycle(currency=currency)


def _lock(chosen: ChosenCycle, state: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM clearing_cycle WHERE id = %s AND state = %s FOR SHARE", [chosen.id, state]
        )
        return cursor.fetchone() is not None


def make_base_obligations(trade: Trade) -> None:
    """The price and the fee of an accepted trade, in its cycle, in one statement."""
    operator = operator_organisation()
    payer = trade.seller_id if trade.fee_payer == "seller" else trade.buyer_id
    made_at = clock.now()
    Obligation.objects.bulk_create(
        [
            Obligation(
                trade=trade,
                kind=ObligationKind.PURCHASE,
                debtor_id=trade.buyer_id,
                creditor_id=trade.seller_id,
                amount_minor=trade.captured_price_minor or 0,
                tax_minor=trade.captured_tax_minor or 0,
                tax_rate_bp=trade.tax_rate_bp,
                currency=trade.currency,
                cycle_id=trade.cycle_id,
                legal_basis=LegalBasis.ASSUMPTION_WITH_RELEASE,
                made_at=made_at,
            ),
            Obligation(
                trade=trade,
                kind=ObligationKind.FEE,
                debtor_id=payer,
                creditor_id=operator.id,
                amount_minor=trade.captured_fee_minor or 0,
                tax_minor=0,
                tax_rate_bp=trade.fee_tax_rate_bp,
                currency=trade.currency,
                cycle_id=trade.cycle_id,
                legal_basis=LegalBasis.MARKET_TERMS,
                made_at=made_at,
            ),
        ]
    )


def make_adjustment(
    *,
    trade: Trade,
    debtor_id: int,
    creditor_id: int,
    amount_minor: int,
    source: str,
    transaction_id: int | None,
) -> Obligation:
    """A correction of the price, with its tax at the trade's rate, rounded once: it is one document."""
    return Obligation.objects.create(
        trade=trade,
        kind=ObligationKind.ADJUSTMENT,
        debtor_id=debtor_id,
        creditor_id=creditor_id,
        amount_minor=amount_minor,
        tax_minor=share_of(amount_minor, trade.tax_rate_bp),
        tax_rate_bp=trade.tax_rate_bp,
        currency=trade.currency,
        cycle_id=cycle_for(trade.currency, transaction_id).id,
        legal_basis=LegalBasis.ASSUMPTION_WITH_RELEASE,
        source=source,
        made_at=clock.now(),
    )


def undo_corrections(trade: Trade) -> int:
    """Reverse what was corrected on a trade that is itself undone; returns how many obligations were reversed."""
    corrections = list(
        Obligation.objects.filter(trade=trade, reverses=None, carried_from=None)
        .exclude(kind__in=(ObligationKind.PURCHASE, ObligationKind.FEE))
        .exclude(pk__in=Obligation.objects.filter(trade=trade).exclude(reverses=None).values("reverses"))
        .order_by("pk")
    )
    if not corrections:
        return 0
    cycle = cycle_for(trade.currency, None)
    Obligation.objects.bulk_create(
        Obligation(
            trade=trade,
            kind=correction.kind,
            debtor_id=correction.creditor_id,
            creditor_id=correction.debtor_id,
            amount_minor=correction.amount_minor,
            tax_minor=correction.tax_minor,
            tax_rate_bp=correction.tax_rate_bp,
            currency=trade.currency,
            cycle_id=cycle.id,
            legal_basis=correction.legal_basis,
            reverses=correction,
            made_at=clock.now(),
        )
        for correction in corrections
    )
    return len(corrections)
