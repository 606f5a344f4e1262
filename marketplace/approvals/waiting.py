"""Why a command waits for a second person, decided from its approval alone. No reads, no writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import Waiting, WaitingReason, WaitsFor

from .states import ApprovalState

if TYPE_CHECKING:
    from .models import Approval

SECOND_PERSON = WaitingReason(
    "approval.second_person",
    Label(
        "another person of the organisation has not given the same command yet",
        "同じ組織の別の担当者による同じ指示を待っています",
    ),
    WaitsFor.COLLEAGUE,
    Label(
        "A second person gives the same command before the approval expires, or withdraws it.",
        "二人目の承認者が、期限までに同じ指示をするか、取り下げてください。",
    ),
)


def waiting_of_approval(approval: Approval) -> Waiting | None:
    """The reason why a command waits; None once it was carried out, withdrawn or has expired."""
    if approval.state != ApprovalState.PENDING:
        return None
    return SECOND_PERSON.waiting(since=approval.asked_at, until=approval.expires_at)
