"""The payments that a participant can expect: when, how much, and what they wait for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Sum

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.money import share_of
from marketplace.kernel.waiting import Waiting

from ..cycles.models import Cycle
from ..cycles.queries import Calendars
from ..cycles.states import CycleState
from ..cycles.value_dates import value_date
from ..cycles.waiting import PAUSED
from ..ground.scopes import own_key
from ..settlement.models import SettlementInstruction
from ..settlement.queries import PaymentReadings
from ..settlement.states import InstructionState, PaymentDirection
from ..settlement.waiting import ABROAD, FAILED, NO_ACCOUNT, NO_ROUTE, PLANNED
from ..trades.guaranteed_models import guaranteed_part
from ..trades.models import Obligation, Trade
from ..trades.obligation_kinds import (
    BENEFICIARY_KINDS,
    KINDS,
    TAXED_PER_CYCLE,
    UNSECURED_BETWEEN_PARTICIPANTS,
)
from ..trades.queries import cycles_of
from ..trades.states import FeePayer, ObligationKind, TradeState
from ..trades.waiting import BEING_CLEARED, waiting_of_obligation, waiting_of_trade

BEFORE_PAYMENT = (
    CycleState.OPEN,
    CycleState.CLOSING,
    CycleState.VALIDATED,
    CycleState.NETTED,
    CycleState.POSTED,
)
"""States of a cycle whose payments are not planned yet."""

WAITING_TRADES = (TradeState.CONCLUDED, TradeState.SECURED, TradeState.DISPUTED)
"""States of a trade that no cycle clears yet."""
UNDATED = (NO_ACCOUNT, ABROAD, NO_ROUTE, FAILED, PAUSED)
"""A payment that waits for one of these has no value date until a person acts."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one expected amount waits for, and its expected day if known."""

    waiting: Waiting
    cut_off_at: datetime | None = None
    expected_on: date | None = None


class ExpectedPayments:
    """The expected payments of one participant, read once in a few queries."""

    def __init__(self, actor: Actor) -> None:
        """For the actor's own organisation, also if it is the operator."""
        self.own = own_key(actor)
        self._now = clock.now()
        self._calendars = Calendars()
        self._payments = self._unpaid()
        self._readings = PaymentReadings(self._payments.values())
        self._outlooks: dict[int, Outlook] = {}

    def _unpaid(self) -> dict[int, SettlementInstruction]:
        """The latest unconfirmed payment of each cycle, by cycle; none where all of it was set off."""
        rows = SettlementInstruction.objects.filter(
            organisation_id=self.own, direction=PaymentDirection.OUT, cycle__isnull=False
        )
        confirmed = rows.filter(cycle=OuterRef("cycle"), state=InstructionState.CONFIRMED)
        waiting = (
            rows.exclude(Exists(confirmed))
            .exclude(state=InstructionState.CANCELLED)
            .select_related("cycle")
            .order_by("pk")
        )
        return {payment.cycle_id: payment for payment in waiting if payment.cycle_id is not None}

    def _in_unpaid_cycles(self) -> Q:
        return Q(cycle__state__in=BEFORE_PAYMENT) | Q(cycle_id__in=list(self._payments))

    def trades(self) -> QuerySet[Trade]:
        """Trades of which the participant is the seller and is not paid yet."""
        price = Obligation.objects.filter(
            self._in_unpaid_cycles(), trade=OuterRef("pk"), kind=ObligationKind.PURCHASE, deferred_from=None
        )
        return Trade.objects.select_related("guaranteed").filter(
            Q(state__in=WAITING_TRADES) | Exists(price), seller_id=self.own
        )

    def shares(self) -> QuerySet[Obligation]:
        """Unpaid shares of the participant in the proceeds of other sellers."""
        return Obligation.objects.filter(
            self._in_unpaid_cycles(), kind=ObligationKind.SHARE, creditor_id=self.own
        ).select_related("trade", "cycle")

    def of_trades(self, trades: Sequence[Trade]) -> list[dict[str, Any]]:
        """Each trade with its expected amounts and day; the tax on its fee is an estimate until the cycle is netted."""
        cycles = cycles_of([trade.pk for trade in trades])
        corrected = self._corrected(trades)
        rows = []
        for trade in trades:
            cycle = cycles.get(trade.pk)
            outlook = self._outlook_of_trade(trade, cycle)
            gross_minor, fee_minor = _amounts(trade)
            fee_tax_minor = share_of(fee_minor, trade.fee_rate_bp)
            corrections_minor = corrected.get(trade.pk, 0)
            rows.append(
                _row("seller", trade, cycle, outlook)
                | {
                    "gross_minor": gross_minor,
                    "fee_minor": fee_minor,
                    "fee_tax_minor": fee_tax_minor,
                    "corrections_minor": corrections_minor,
                    "net_minor": gross_minor - fee_minor - fee_tax_minor + corrections_minor,
                    "estimate": cycle is None or cycle.netted_at is None,
                }
            )
        return rows

    def _corrected(self, trades: Sequence[Trade]) -> dict[int, int]:
        """The sum of unsettled corrections and shares, signed for the seller, by trade."""
        found: dict[int, int] = {}
        rows = Obligation.objects.filter(
            self._in_unpaid_cycles(), trade__in=trades, kind__in=UNSECURED_BETWEEN_PARTICIPANTS
        )
        for trade, creditor, amount, tax in rows.values_list(
            "trade_id", "creditor_id", "amount_minor", "tax_minor"
        ):
            sign = 1 if creditor == self.own else -1
            found[trade] = found.get(trade, 0) + sign * (amount + tax)
        return found

    def of_shares(self, shares: Sequence[Obligation]) -> list[dict[str, Any]]:
        """Each share with its expected day."""
        return [
            _row("beneficiary", share.trade, share.cycle, self._outlook_of_cycle(share.cycle))
            | {
                "gross_minor": share.amount_minor + share.tax_minor,
                "fee_minor": 0,
                "fee_tax_minor": 0,
                "corrections_minor": 0,
                "net_minor": share.amount_minor + share.tax_minor,
                "estimate": False,
            }
            for share in shares
        ]

    def payments(self) -> list[dict[str, Any]]:
        """Payments of posted cycles that the bank has not confirmed, with their waiting reasons."""
        return [
            {
                "payment": payment.public_id,
                "reference": payment.reference,
                "cycle": payment.cycle.business_key if payment.cycle else None,
                "currency": payment.currency,
                "amount_minor": payment.amount_minor,
                "state": payment.state,
                "failure_reason": payment.failure_reason,
                **_written(self._outlook_of_payment(payment)),
            }
            for payment in self._payments.values()
        ]

    def totals(self) -> list[dict[str, Any]]:
        """Totals by expected day and currency; totals without a day come last.

        The total of a cycle has all parts of its payment: sales, shares and refunded fees, less fees, corrections and
        shares owed; tax on fees is rounded once per rate and cycle. It excludes purchases, which were paid beforehand.
        The total of trades without a cycle is the sum of their expected amounts.
        """
        sums: dict[tuple[str, str], dict[str, Any]] = {}
        for found in (*self._cycle_sums(), *self._waiting_sums()):
            key = (str(found["expected_on"] or "9999"), found["currency"])
            total = sums.setdefault(
                key,
                {"expected_on": found["expected_on"], "currency": found["currency"]}
                | dict.fromkeys(_SUMMED, 0),
            )
            for name in _SUMMED:
                total[name] += found[name]
        return [
            total | {"net_minor": sum(total[name] for name in _SUMMED)} for _, total in sorted(sums.items())
        ]

    def _cycle_sums(self) -> Iterable[dict[str, Any]]:
        parties = Q(trade__seller_id=self.own) | Q(trade__buyer_id=self.own)
        share = Q(kind__in=BENEFICIARY_KINDS)
        rows = (
            Obligation.objects.filter(parties | share, self._in_unpaid_cycles())
            .filter(Q(debtor_id=self.own) | Q(creditor_id=self.own))
            .exclude(kind=ObligationKind.PURCHASE, debtor_id=self.own)
            .values(
                "cycle_id",
                "kind",
                "tax_rate_bp",
                owes=ExpressionWrapper(Q(debtor_id=self.own), output_field=BooleanField()),
            )
            .annotate(amount=Sum("amount_minor"), tax=Sum("tax_minor"))
            .order_by("cycle_id", "kind")
        )
        found = list(rows)
        cycles = Cycle.objects.in_bulk({row["cycle_id"] for row in found})
        for row in found:
            cycle = cycles[row["cycle_id"]]
            sign = -1 if row["owes"] else 1
            total = dict.fromkeys(_SUMMED, 0)
            name = KINDS[row["kind"]].expected_sum
            if row["kind"] in TAXED_PER_CYCLE:
                total[name] = sign * row["amount"]
                total["fee_tax_minor"] = sign * share_of(row["amount"], row["tax_rate_bp"])
            else:
                total[name] = sign * (row["amount"] + row["tax"])
            yield total | {
                "expected_on": self._outlook_of_cycle(cycle).expected_on,
                "currency": cycle.currency,
            }

    def _waiting_sums(self) -> Iterable[dict[str, Any]]:
        rows = (
            Trade.objects.filter(seller_id=self.own, state__in=WAITING_TRADES)
            .values("currency", "fee_payer", "fee_tax_rate_bp")
            .annotate(gross=Sum("gross_minor"), fee=Sum("fee_minor"))
            .order_by("currency")
        )
        for row in rows:
            fee = row["fee"] if row["fee_payer"] == FeePayer.SELLER else 0
            yield dict.fromkeys(_SUMMED, 0) | {
                "expected_on": None,
                "currency": row["currency"],
                "sales_minor": row["gross"],
                "fees_minor": -fee,
                "fee_tax_minor": -share_of(fee, row["fee_tax_rate_bp"]),
            }

    def _outlook_of_trade(self, trade: Trade, cycle: Cycle | None) -> Outlook:
        if cycle is not None:
            return self._outlook_of_cycle(cycle)
        # A trade accepted after the page was read has its cycle only now.
        return Outlook(waiting_of_trade(trade, part=guaranteed_part(trade)) or BEING_CLEARED.waiting())

    def _outlook_of_cycle(self, cycle: Cycle) -> Outlook:
        """The waiting reason of a cycle, or of its payment once there is one; computed once for all its trades."""
        if cycle.pk not in self._outlooks:
            payment = self._payments.get(cycle.pk)
            self._outlooks[cycle.pk] = (
                self._outlook_of_payment(payment) if payment else self._outlook_before_payment(cycle)
            )
        return self._outlooks[cycle.pk]

    def _outlook_before_payment(self, cycle: Cycle) -> Outlook:
        cut_off_at = cycle.closed_at or self._calendars.cut_off_of(cycle, now=self._now)
        # The payments of this cycle were planned after the unpaid ones were read.
        waiting = waiting_of_obligation(cycle, cut_off_at=cut_off_at) or BEING_CLEARED.waiting()
        return self._dated(waiting, cut_off_at, self._calendars.value_date(cycle, now=self._now))

    def _outlook_of_payment(self, payment: SettlementInstruction) -> Outlook:
        # A payment that was made again after the unpaid ones were read is planned.
        waiting = self._readings.waiting(payment) or PLANNED.waiting()
        today = clock.business_date(self._now)
        expected = payment.value_date or value_date(today, self._calendars.of(payment.currency))
        return self._dated(waiting, payment.cycle.closed_at if payment.cycle else None, expected)

    def _dated(self, waiting: Waiting, cut_off_at: datetime | None, expected: date | None) -> Outlook:
        """The value date ``expected``; None if a person must act first."""
        return Outlook(waiting, cut_off_at, None if waiting.reason in UNDATED else expected)


_SUMMED = ("sales_minor", "shares_minor", "fees_minor", "fee_tax_minor", "corrections_minor")


def _amounts(trade: Trade) -> tuple[int, int]:
    """Price with tax and the seller's fee; the captured amounts once known."""
    gross, fee = trade.gross_minor, trade.fee_minor
    if trade.captured_price_minor is not None:
        gross = trade.captured_price_minor + (trade.captured_tax_minor or 0)
        fee = trade.captured_fee_minor or 0
    return gross, fee if trade.fee_payer == FeePayer.SELLER else 0


def _row(role: str, trade: Trade, cycle: Cycle | None, outlook: Outlook) -> dict[str, Any]:
    """The fields common to both roles; a beneficiary does not see the buyer and its purchase order."""
    is_seller = role == "seller"
    return {
        "role": role,
        "trade": trade.public_id,
        "agreement": trade.agreement,
        "purchase_order": trade.reference if is_seller else None,
        "counterparty_id": trade.buyer_id if is_seller else trade.seller_id,
        "currency": trade.currency,
        "state": trade.state,
        "state_label": TradeState(trade.state).label.as_dict(),  # type: ignore[attr-defined]
        "cycle": cycle.business_key if cycle else None,
        "pay_by": trade.pay_by,
        "fund_by": trade.fund_by if trade.state == TradeState.CONCLUDED else None,
        **_written(outlook),
    }


def _written(outlook: Outlook) -> dict[str, Any]:
    return {
        "cut_off_at": outlook.cut_off_at,
        "expected_on": outlook.expected_on,
        "reason_code": outlook.waiting.reason.code,
        "reason": outlook.waiting.label.as_dict(),
        "waiting": outlook.waiting.as_dict(),
    }
