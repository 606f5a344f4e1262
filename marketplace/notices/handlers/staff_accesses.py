"""Event handlers about accesses of the operator's staff: the participant is told, and the operator reminded of who is not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marketplace.access.queries import get_access
from marketplace.access.states import AccessGround, AccessKind
from marketplace.events.envelope import Envelope
from marketplace.events.schemas.access import StaffAccessDeferred, StaffAccessMoved
from marketplace.events.schemas.contracts import MessagesDisclosed
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import get_organisation

from .. import staff_access_texts
from ..formats import format_moment
from ..operator_tasks import ask_operator, finish_for_operator
from ..services import send_notice, send_notices
from ..states import TaskKind


def on_staff_access_moved(event: StaffAccessMoved, envelope: Envelope) -> None:
    """Tell the participant what was opened, by whom and why, or that it ended."""
    access = get_access(event.access)
    kinds: dict[str, Any] = dict(AccessKind.choices)
    grounds: dict[str, Any] = dict(AccessGround.choices)
    wording = staff_access_texts.MOVED[event.change].fill(
        access=event.access,
        person=access.person,
        kind=kinds[access.kind].as_dict(),
        ground=grounds[access.ground].as_dict(),
        reference=access.reference,
        reason=access.reason,
        opened_at=format_moment(access.opened_at),
        expires_at=format_moment(access.expires_at),
    )
    send_notice(
        organisation_id=get_organisation(event.organisation).id, subject=event.access, wording=wording
    )
    if event.change == "told":
        finish_for_operator(TaskKind.DISCLOSE, event.access)


def on_staff_access_deferred(event: StaffAccessDeferred, envelope: Envelope) -> None:
    """Open the operator's task for the review date, or move its deadline."""
    until = datetime.fromisoformat(event.until)
    ask_operator(
        TaskKind.DISCLOSE,
        event.access,
        deadline=until,
        needs=Permission.ACCESS_OPEN,
        access=event.access,
        until=format_moment(until),
    )


def on_messages_disclosed(event: MessagesDisclosed, envelope: Envelope) -> None:
    """Tell both parties that one lets staff read their messages, or lets it no longer."""
    of = {party: get_organisation(party) for party in (event.buyer, event.seller)}
    wording = staff_access_texts.DISCLOSED[event.change].fill(
        party=of[event.by].name, negotiation=event.negotiation
    )
    send_notices(subject=event.disclosure, wordings={party.id: wording for party in of.values()})
