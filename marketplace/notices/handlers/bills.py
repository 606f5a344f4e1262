"""Event handlers that ask buyers to pay what guarantees secured."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.billing import TradeBilled, TradePaid
from marketplace.kernel.clock import market_zone
from marketplace.participants.queries import get_organisation, organisations_by_public_id

from ..formats import format_amount
from ..services import close_tasks, open_task
from ..states import TaskKind
from ..texts import TASK_TITLES, fill_label


def on_trade_billed(event: TradeBilled, envelope: Envelope) -> None:
    """Open the buyer's task to pay in until the end of the due day."""
    parties = organisations_by_public_id([event.buyer, event.seller])
    due_end = datetime.combine(date.fromisoformat(event.due_on) + timedelta(days=1), time.min, market_zone())
    open_task(
        organisation_id=parties[event.buyer].id,
        kind=TaskKind.FUND,
        subject=event.trade,
        thread=event.trade,
        title=fill_label(
            TASK_TITLES[TaskKind.FUND],
            party=parties[event.seller].name,
            amount=format_amount(event.amount_minor, event.currency),
        ),
        deadline=due_end.astimezone(UTC),
    )


def on_trade_paid(event: TradePaid, envelope: Envelope) -> None:
    """Close the buyer's task to pay in."""
    close_tasks(thread=event.trade, kinds=(TaskKind.FUND,), done_by=get_organisation(event.buyer).id)
