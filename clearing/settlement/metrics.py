"""Gauges and alarms of payments."""

from __future__ import annotations

from django.db.models import Q

from marketplace.kernel import clock
from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, Reading, by_number, by_rows

from .models import SettlementInstruction
from .planning import UNPLANNED
from .restorations import is_restoration_counted
from .states import InstructionState

# Those of cycles that are not settled, and by the partial index those that no cycle plans.
PAYMENTS = """
    SELECT state, currency, count(*)
      FROM (SELECT state, currency FROM clearing_settlementinstruction
             WHERE cycle_id IN (SELECT id FROM clearing_cycle WHERE state <> 'settled')
             UNION ALL
            SELECT state, currency FROM clearing_settlementinstruction
             WHERE cycle_id IS NULL AND instead_of_id IS NULL) payment
     WHERE state IN ('planned', 'sending', 'unknown') GROUP BY 1, 2
"""

# By the partial index of payments that failed; those of the operator leave its money where it was.
UNPAID = f"""
    SELECT count(*)
      FROM (SELECT DISTINCT f.organisation_id, f.currency FROM clearing_settlementinstruction f
             WHERE f.state = 'failed' AND NOT EXISTS (
                   SELECT FROM clearing_settlementinstruction again
                    WHERE again.instead_of_id = f.id AND again.state <> 'cancelled')) failed
      JOIN clearing_account a ON a.organisation_id = failed.organisation_id AND a.currency = failed.currency
       AND a.kind = 'receivable'
      JOIN clearing_balance b ON b.account_id = a.id
     WHERE -b.balance_minor > coalesce((
           SELECT sum(i.amount_minor) FROM clearing_settlementinstruction i
            WHERE i.organisation_id = failed.organisation_id AND i.currency = failed.currency AND i.direction = 'out'
              AND i.state IN ('planned', 'sending', 'unknown')), 0) + coalesce((
           SELECT sum(u.minor) FROM ({UNPLANNED}) u
            WHERE u.organisation_id = failed.organisation_id AND u.currency = failed.currency), 0)
"""  # noqa: S608  our own words

Gauge(
    name="clearing_waiting_payments",
    description="Payments that are planned, sent or of unknown outcome, by state and currency.",
    read=by_rows(PAYMENTS),
    labels=("state", "currency"),
)


def _count_unsent(which: Q) -> int:
    """How many planned payments should have left by now, by the index of those that are planned."""
    unsent = SettlementInstruction.objects.filter(state=InstructionState.PLANNED, send_by__lt=clock.today())
    return unsent.filter(which).count()


def unsent_payments() -> Reading:
    """Planned payments whose day has passed although nothing holds back their payees."""
    return _count_unsent(Q(held_back=""))


def held_back_payments() -> Reading:
    """Planned payments whose day has passed because their payees cannot be paid now."""
    return _count_unsent(~Q(held_back=""))


UNSENT = Gauge(
    name="clearing_unsent_payments",
    description="Planned payments whose day of sending has passed, of payees that can be paid.",
    read=unsent_payments,
)
HELD_BACK = Gauge(
    name="clearing_held_back_payments",
    description="Planned payments whose day of sending has passed, of payees that cannot be paid now.",
    read=held_back_payments,
)

Alarm(
    code="payments_unsent",
    gauge=UNSENT,
    above=0,
    title=Label("Planned payments were not sent by their day", "送付期限を過ぎた支払予定があります"),
    action=Label(
        "Hand a transfer file to the bank (settlement-instructions/?state=planned; waiting names what holds each payment up),"
        " and pay in own money that is planned.",
        "振込ファイルを銀行へ送付し（settlement-instructions/?state=planned。各支払の待機理由は waiting に示されます）、"
        "予定した自己資金を払い込んでください。",
    ),
)
Alarm(
    code="payments_held_back",
    gauge=HELD_BACK,
    above=0,
    title=Label("Payments wait for payees that cannot be paid", "受取人側の事情で送付できない支払があります"),
    action=Label(
        "Read the reason of each (settlement-instructions/?state=planned): have the payee state its account, record the licence,"
        " or follow the court's order (set-off-restraints/…/pay-creditor/ or …/lift/).",
        "各支払の理由（settlement-instructions/?state=planned）を確認し、振込先口座の届出・許認可の登録・差押命令への対応"
        "（set-off-restraints/…/pay-creditor/ または …/lift/）を進めてください。",
    ),
)

NOT_PAID = Gauge(
    name="clearing_unpaid_payees",
    description="Payees, by currency, to whom money is due that no payment pays, because one failed and was not made again.",
    read=by_number(UNPAID),
)

Alarm(
    code="payees_unpaid",
    gauge=NOT_PAID,
    above=0,
    title=Label("Payments failed and were not made again", "不能となった支払が再度予定されていません"),
    action=Label(
        "Have the payee check its account, then plan each again (settlement-instructions/?state=failed, …/retry/); one to a"
        " creditor may need another account (set-off-restraints/…/pay-creditor/).",
        "受取人に振込先口座を確認し、再度予定してください（settlement-instructions/?state=failed、…/retry/）。差押債権者への支払"
        "は別の口座を指定できます（set-off-restraints/…/pay-creditor/）。",
    ),
)

RESTORATION_UNCOUNTED = Gauge(
    name="clearing_uncounted_restorations",
    description="1 while the server is not on the timeline that was counted last: the database was restored or moved.",
    read=lambda: 0 if is_restoration_counted() else 1,
)

Alarm(
    code="restoration_uncounted",
    gauge=RESTORATION_UNCOUNTED,
    above=0,
    title=Label("A restoration of the database is not counted", "データベースの復旧が記録されていません"),
    action=Label(
        "Run manage.py record_restoration as the owner role. Until then no payment is planned or sent; afterwards sending is"
        " opened by bank statements and two people.",
        "所有者ロールで manage.py record_restoration を実行してください。それまで支払の予定作成と送付はできません。その後は"
        "入出金明細と二人の承認により送付を再開します。",
    ),
)
