"""Events: how applications react to each other. Outbox, relay, inbox, and every event's schema."""
