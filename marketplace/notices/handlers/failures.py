"""Handlers of events about trades that ended unpaid or were returned."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import OWED_OUTSIDE, TradeFailed, TradeRefunded
from marketplace.kernel.labels import Label
from marketplace.participants.queries import organisations_by_public_id

from .. import texts
from ..formats import format_amount
from ..services import close_tasks, send_notices
from ..states import TaskKind
from ..texts import Wording

TRADE_OWED = Wording(
    Label(
        "An instalment of the trade with {party} was not paid in",
        "{party} との取引の分割払いが入金されませんでした",
    ),
    Label(
        "Instalment {charge} (trade {trade}) was not paid in. The data was received before the agreement ended, so the buyer owes it to the seller,"
        " outside the market. Later instalments fall due on their days.",
        "第{charge}回の分割払い（取引 {trade}）は入金されませんでした。契約の終了前にデータが受領されているため、利用者は提供者に対し、市場外でこれを支払う義務を負います。以後の分割払いの履行期は変わりません。",
    ),
)


def on_trade_failed(event: TradeFailed, envelope: Envelope) -> None:
    """Close all tasks of the agreement, or that to pay in where later instalments fall due all the same, and notify both parties."""
    if event.reason_code == OWED_OUTSIDE:
        close_tasks(thread=event.agreement, kinds=(TaskKind.FUND,))
        _notify_both(event, TRADE_OWED, charge=str(event.charge))
        return
    close_tasks(thread=event.agreement)
    _notify_both(event, texts.TRADE_FAILED, reason_code=event.reason_code)


def on_trade_refunded(event: TradeRefunded, envelope: Envelope) -> None:
    """Close all tasks of the agreement and of the trade's bill, and notify both parties of the returned amount."""
    close_tasks(thread=event.agreement)
    close_tasks(thread=event.trade)
    _notify_both(event, texts.TRADE_REFUNDED, amount=format_amount(event.amount_minor, event.currency))


def _notify_both(
    event: TradeFailed | TradeRefunded, wording: Wording, **fields: str | dict[str, str]
) -> None:
    """Send buyer and seller the same notice; ``party`` is the other party's name for each."""
    parties = organisations_by_public_id([event.buyer, event.seller])
    wordings = {
        parties[reader].id: wording.fill(party=parties[other].name, trade=event.trade, **fields)
        for reader, other in ((event.buyer, event.seller), (event.seller, event.buyer))
    }
    send_notices(subject=event.trade, wordings=wordings)
