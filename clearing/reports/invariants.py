"""Invariants of what was paid by the day of the law."""

from __future__ import annotations

from typing import Any

from contracts.commissions.law import PAYMENT_DAYS
from marketplace.kernel.calendars import last_payment_day
from marketplace.kernel.clock import business_date
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant

from ..trades.models import Trade
from .late_payments import payments_late_by_law


def _paid_late() -> list[dict[str, Any]]:
    """Commissioned trades that are past their day unpaid, or whose day is later than the law gives."""
    late: list[dict[str, Any]] = [
        {"trade": trade.public_id, "pay_by": trade.pay_by, "fault": "unpaid"}
        for trade in payments_late_by_law()[:BREACHES_SHOWN_MAX]
    ]
    dated = Trade.objects.filter(pay_by__isnull=False).only(
        "public_id", "pay_by", "received_at", "holiday_shift"
    )
    for trade in dated.iterator():
        if trade.received_at is None or trade.pay_by is None:
            continue
        last_day = last_payment_day(
            business_date(trade.received_at), PAYMENT_DAYS, holiday_shift=trade.holiday_shift
        )
        if trade.pay_by > last_day:
            late.append(
                {"trade": trade.public_id, "pay_by": trade.pay_by, "fault": f"the law gives {last_day}"}
            )
    return late[:BREACHES_SHOWN_MAX]


Invariant(
    name="clearing.commissioned_paid_in_time",
    promise=10,
    statement=(
        "No commissioned trade is past its day unpaid: 60 days of which the day of receipt is the first, or a bank day up to two days later"
        " where both agreed so; it is paid whole, and goes back only for a fault of its seller."
    ),
    guards=(
        "clearing_trade.paid_in_time_by_law",
        "clearing_trade.kept_for_received_work",
        "clearing_trade.trade_commissioned_paid_whole",
        "clearing_trade.trade_pay_by",
        "clearing_trade.set_once",
        "clearing_trade.immutable",
        "clearing_obligation.reduced_for_fault",
    ),
    test="tests/clearing/trades/test_commissioned_guards.py::test_the_database_gives_no_later_day_and_no_smaller_price",
    check=_paid_late,
)
