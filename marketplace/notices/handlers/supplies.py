"""Handlers of events about what sellers supply."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.supplies import SupplyStated, TradeSupplyUnstated
from marketplace.participants.queries import get_organisation, organisations_by_public_id

from ..formats import parse_instant
from ..services import close_tasks, open_task
from ..states import TaskKind
from ..texts import TASK_TITLES, fill_label


def on_supply_unstated(event: TradeSupplyUnstated, envelope: Envelope) -> None:
    """Open the seller's task to state what its listing supplies: one task for all trades of the listing."""
    parties = organisations_by_public_id([event.buyer, event.seller])
    open_task(
        organisation_id=parties[event.seller].id,
        kind=TaskKind.STATE_SUPPLY,
        subject=event.listing,
        thread=event.listing,
        title=fill_label(
            TASK_TITLES[TaskKind.STATE_SUPPLY], listing=event.listing, party=parties[event.buyer].name
        ),
        deadline=parse_instant(event.fund_by),
    )


def on_supply_stated(event: SupplyStated, envelope: Envelope) -> None:
    """Close the seller's task to state what its listing supplies."""
    seller = get_organisation(event.seller)
    close_tasks(thread=event.listing, kinds=(TaskKind.STATE_SUPPLY,), done_by=seller.id)
