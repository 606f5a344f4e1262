"""The gauge and the alarm of commissioned work that is about to be paid too late."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge

from .late_payments import payments_due_by_law


def count_due_by_law() -> int:
    """Trades of commissioned work that are not paid and whose last day by law has almost come, or passed."""
    return payments_due_by_law().count()


DUE_BY_LAW = Gauge(
    name="clearing_commissioned_due",
    description="Trades of commissioned work that are not paid within two business days of their last day by law, or after it.",
    read=count_due_by_law,
)
Alarm(
    code="commissioned_due",
    gauge=DUE_BY_LAW,
    above=0,
    title=Label(
        "The seller of commissioned work is about to be paid too late",
        "委託による成果物の代金の支払が法定の期限に近づいています",
    ),
    action=Label(
        "Read trades/ by pay_by: close and settle the cycle now and hand its payments to the bank; the law knows no pause.",
        "trades/ を pay_by で確認し、直ちに清算サイクルを締めて決済し、支払を銀行に送付してください。法定の期限に停止はありません。",
    ),
)
