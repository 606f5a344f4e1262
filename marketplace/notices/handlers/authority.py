"""Event handlers about limits of authority: the organisation is told of each, and who may decide what a colleague asks."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.approvals import ApprovalAsked
from marketplace.events.schemas.authority import AuthorityLimitStated
from marketplace.participants.authority import ACT_LABELS
from marketplace.participants.authority_queries import authority_limit, deciders_of_approval
from marketplace.participants.queries import get_organisation

from .. import authority_texts
from ..formats import format_amount, format_moment
from ..services import send_notice


def on_authority_limit_stated(event: AuthorityLimitStated, envelope: Envelope) -> None:
    """Tell the organisation of a limit, so that nobody raises one unseen."""
    stated = authority_limit(event.limit)
    wording = authority_texts.STATED.fill(
        by=stated.stated_by,
        limit=event.limit,
        who=stated.person or stated.role,
        act=ACT_LABELS[event.act].as_dict(),
        per_act=_amount(event.per_act_minor, event.currency),
        per_month=_amount(event.per_month_minor, event.currency),
        since=format_moment(event.effective_from),
    )
    send_notice(organisation_id=get_organisation(event.organisation).id, subject=event.limit, wording=wording)


def on_colleague_asked(event: ApprovalAsked, envelope: Envelope) -> None:
    """Tell the organisation who may decide what is above the limit of who asks."""
    organisation_id = get_organisation(event.organisation).id
    deciders = deciders_of_approval(organisation_id, event.approval)
    if deciders is None:
        return
    wording = (authority_texts.ASKED if deciders else authority_texts.NOBODY).fill(
        approval=event.approval,
        command=event.command,
        of=event.of,
        amount=format_amount(event.amount_minor, event.currency),
        expires_at=format_moment(event.expires_at),
        deciders=", ".join(deciders),
    )
    send_notice(organisation_id=organisation_id, subject=event.approval, wording=wording)


def _amount(minor: int | None, currency: str) -> dict[str, str]:
    return authority_texts.NO_LIMIT.as_dict() if minor is None else format_amount(minor, currency)
