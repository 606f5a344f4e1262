"""The states of an inbox entry."""

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class InboxState(TextChoices):
    """The state of the handling of one event by one handler."""

    PENDING = "pending", Label("pending", "処理待ち")
    HANDLED = "handled", Label("handled", "処理済み")
    PARKED = "parked", Label("parked after repeated failures", "失敗により処理停止中")
    ABANDONED = "abandoned", Label("given up", "打ち切り")


ABANDONED_BY_ONE = ("notices",)
"""Subscribers that only tell people something. What any other does with an event may be money or rights, so giving it up
takes two people of the operator."""

INBOX = StateMachine(
    name="events.inbox_entry",
    states=InboxState,
    initial=frozenset({InboxState.PENDING}),
    table={
        (InboxState.PENDING, "handle", "system"): InboxState.HANDLED,
        (InboxState.PENDING, "park", "system"): InboxState.PARKED,
        (InboxState.PARKED, "retry", "operator"): InboxState.PENDING,
        (InboxState.PARKED, "abandon", "operator"): InboxState.ABANDONED,
    },
)
