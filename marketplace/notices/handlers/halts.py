"""Handlers of events about deadlines that halts of trading have moved."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import TradeFundingExtended
from marketplace.kernel.labels import Label
from marketplace.participants.queries import organisations_by_public_id

from ..formats import format_moment, parse_instant
from ..services import move_deadlines, send_notices
from ..texts import Wording

FUNDING_EXTENDED = Wording(
    Label("The time to pay in is longer", "入金期限が延長されました"),
    Label(
        "Trading was halted, so the time to pay in for {trade} ends at {fund_by}.",
        "売買停止の期間を除き、取引 {trade} の入金期限は {fund_by} となります。",
    ),
)


def on_trade_funding_extended(event: TradeFundingExtended, envelope: Envelope) -> None:
    """Tell both parties, and move the tasks to pay in and to state the supply."""
    if until := parse_instant(event.fund_by):
        move_deadlines({event.trade: until, event.listing: until})
    parties = organisations_by_public_id([event.buyer, event.seller])
    wording = FUNDING_EXTENDED.fill(trade=event.trade, fund_by=format_moment(event.fund_by))
    send_notices(
        subject=event.trade, wordings={parties[name].id: wording for name in (event.buyer, event.seller)}
    )
