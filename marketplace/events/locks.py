"""Advisory locks of events."""

from marketplace.kernel.locks import AdvisoryLock, Mode

RELAY_LOCK = AdvisoryLock(
    name="events.relay",
    key=5_301_001,
    rank=10,
    protects="One relay at a time carries events from the outbox to the inboxes.",
    modes=frozenset({Mode.TRY}),
)
