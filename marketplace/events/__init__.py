"""Events, by which applications react to each other: outbox, relay, inbox, and the schema of every event."""
