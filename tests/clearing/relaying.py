"""Relay the events of a test of clearing."""

from marketplace.events.models import InboxEntry
from marketplace.events.relaying import relay
from marketplace.kernel import clock


def relay_events() -> None:
    """Relay what is committed. The events of money received count as handled: ``receive`` has handled them."""
    while relay():
        pass
    InboxEntry.objects.filter(handler="clearing.handlers.on_payment_received", state="pending").update(
        state="handled", handled_at=clock.real_now()
    )
