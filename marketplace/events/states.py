"""The life of an inbox entry."""

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class InboxState(TextChoices):
    """Where the handling of one event by one handler stands."""

    PENDING = "pending", Label("waiting to be handled", "処理待ち")
    HANDLED = "handled", Label("handled", "処理済み")
    PARKED = "parked", Label("parked after repeated failure", "失敗により保留")


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
