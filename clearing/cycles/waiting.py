"""Why a cycle waits. Its trades and payments wait for the same reasons."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import Waiting, WaitingReason, WaitsFor

if TYPE_CHECKING:
    from .models import Cycle

OPEN_UNTIL_CUT_OFF = WaitingReason(
    "cycle.open_until_cut_off",
    Label("open until the cut-off at {cut_off}", "{cut_off} の締切まで受付中です"),
    WaitsFor.NOBODY,
)
OPEN_UNTIL_COMMAND = WaitingReason(
    "cycle.open_until_command",
    Label("open until the operator cuts it off", "運営者が締め切るまで受付中です"),
    WaitsFor.OPERATOR,
    Label(
        "The operator cuts the cycle off, or publishes a schedule of cut-offs.",
        "運営者がサイクルを締め切るか、締切の予定を公表してください。",
    ),
)
PAUSED = WaitingReason(
    "cycle.paused",
    Label(
        "paused by the operator since {paused_since}",
        "運営者が {paused_since} からサイクルを一時停止しています",
    ),
    WaitsFor.OPERATOR,
    Label(
        "The operator resumes the cycle once the reason for the pause is gone.",
        "一時停止の理由が解消したら、運営者がサイクルを再開します。",
    ),
)
EARLIER_UNPLANNED = WaitingReason(
    "cycle.earlier_unplanned",
    Label(
        "the earlier cycle {earlier} is paused before its payments are planned, which may cover a shortfall here",
        "先のサイクル {earlier} が支払の予定前に一時停止中です。その支払はこのサイクルの不足額に充当されることがあります",
    ),
    WaitsFor.OPERATOR,
    Label("The operator resumes the earlier cycle.", "運営者が先のサイクルを再開してください。"),
)
EVENTS_UNSEEN = WaitingReason(
    "cycle.events_unseen",
    Label(
        "{count} events from before the cut-off are still to be taken into account",
        "締切前のイベント {count} 件の反映を待っています",
    ),
    WaitsFor.MARKET,
    Label(
        "If the count does not fall, the operator reads the obstacles in the cycle's progress.",
        "件数が減らないときは、運営者がサイクルの進捗に示される障害を確認してください。",
    ),
)
STEP_OVERDUE = WaitingReason(
    "cycle.step_overdue",
    Label(
        "its next step is overdue: it is refused, or no worker takes it",
        "次の処理が予定より遅れています（処理の拒否、またはワーカーの停止）",
    ),
    WaitsFor.OPERATOR,
    Label(
        "The operator reads the faults that a dry run of the cycle finds and mends them, or sees that workers run.",
        "運営者が試行計算の示す不備を確認して是正するか、ワーカーの稼働を確認してください。",
    ),
)
PAYMENTS_UNSENT = WaitingReason(
    "cycle.payments_unsent",
    Label("{count} payments are not handed to the bank yet", "銀行へ未送付の支払が {count} 件あります"),
    WaitsFor.OPERATOR,
    Label(
        "The operator hands a transfer file to the bank; payments that are held back name their own reason.",
        "運営者が振込ファイルを銀行へ送付してください。送付できない支払には、それぞれの理由が示されます。",
    ),
)
PAYMENTS_UNCONFIRMED = WaitingReason(
    "cycle.payments_unconfirmed",
    Label("{count} payments are not confirmed by the bank yet", "銀行の確認待ちの支払が {count} 件あります"),
    WaitsFor.BANK,
    Label(
        "The operator imports the bank statement of the value date.",
        "運営者が振込日の入出金明細を取り込んでください。",
    ),
)
PAYMENTS_FAILED = WaitingReason(
    "cycle.payments_failed",
    Label(
        "{count} payments have failed and are not made again",
        "不能となり再送されていない支払が {count} 件あります",
    ),
    WaitsFor.OPERATOR,
    Label(
        "The payee checks its payout account; the operator plans each payment once more.",
        "受取人が振込先口座を確認し、運営者がそれぞれの支払を再度予定してください。",
    ),
)
CLAIMS_OPEN = WaitingReason(
    "cycle.claims_open",
    Label(
        "claims for what the reserve lent are not collected yet",
        "準備金からの立替えに係る求償債権が未回収です",
    ),
    WaitsFor.PARTICIPANT,
    Label(
        "A claim is collected from what the debtor's next cycles bring, or from its pay-ins while it is suspended;"
        " the operator may write it off.",
        "求償債権は債務者の次回以降の清算額から（取引停止中は入金から）回収されます。運営者は貸倒処理もできます。",
    ),
)
DEFERRALS_OPEN = WaitingReason(
    "cycle.deferrals_open",
    Label(
        "obligations that it deferred are not settled by a later cycle yet",
        "繰り延べた債務が後のサイクルで未決済です",
    ),
    WaitsFor.PARTICIPANT,
    Label("The debtor pays in before the next cut-off.", "債務者が次の締切までに入金してください。"),
)


def waiting_of_pause(cycle: Cycle) -> Waiting | None:
    """The pause of a cycle as a waiting reason; None if it is not paused."""
    if cycle.paused_since is None:
        return None
    return PAUSED.waiting(since=cycle.paused_since, paused_since=local_time(cycle.paused_since))


def local_time(instant: datetime) -> str:
    """An instant to the minute in the market's time zone, with its offset, for labels."""
    return instant.astimezone(clock.market_zone()).isoformat(timespec="minutes")
