"""Gauge and alarm of the segregation check."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, by_number

# One row a currency and business day; the unique index has them in this order.
FAILED = """
    SELECT count(*) FROM (SELECT DISTINCT ON (currency) agrees FROM clearing_segregationcheck
                           ORDER BY currency, business_date DESC, attempt DESC) newest
     WHERE NOT agrees
"""

FAILED_CHECKS = Gauge(
    name="clearing_failed_segregation_checks",
    description="Currencies whose newest segregation check does not agree.",
    read=by_number(FAILED),
)

Alarm(
    code="client_money_check_failed",
    gauge=FAILED_CHECKS,
    above=0,
    title=Label("Client money does not agree with the bank", "分別管理の確認で差異があります"),
    action=Label(
        "Read why (segregation-checks/): import the bank statement and have another person confirm it, or explain the debits"
        " in suspense (bank-entries/?waits_for_operator=true).",
        "理由（segregation-checks/）を確認し、入出金明細を取り込んで別の担当者が確認するか、未照合の出金"
        "（bank-entries/?waits_for_operator=true）を処理してください。",
    ),
    # The event segregation.broken opens one for each currency.
    opens_task=False,
)
