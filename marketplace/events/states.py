"""The states of an inbox entry."""

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class InboxState(TextChoices):
    """The state of the handling of one event by one handler."""

    PENDING = "pending", Label("pending", "処理待ち")
    HANDLED = "handled", Label("handled", "処理済み")
    PARKED = "parked", Label("parked after repeated failures", "失敗により処理停止中")


INBOX = StateMachine(
    name="events.inbox_entry",
    states=InboxState,
    initial=frozenset({InboxState.PENDING}),
    table={
        (InboxState.PENDING, "handle", "system"): InboxState.HANDLED,
        (InboxState.PENDING, "park", "system"): InboxState.PARKED,
        (InboxState.PARKED, "retry", "operator"): InboxState.PENDING,
    },
)
