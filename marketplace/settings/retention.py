"""How long rows stay that are neither evidence nor money nor an agreement: days after which they leave, and why then."""

from pathlib import Path

import environ

from marketplace.runtime.layout import VAR

env = environ.Env()

RETENTION: dict[str, tuple[int, str]] = {
    "events": (90, "Longer than the feed keeps them for participants; the archive holds them afterwards."),
    "notices": (
        365,
        "Notices about listings only: all others belong to an agreement or an invoice, and stay.",
    ),
    "mail": (30, "Personal data, kept as long as a participant may ask whether a mail was sent."),
    "feed": (30, "How far back a participant reads its feed, and has events replayed."),
    "webhook_messages": (30, "As long as the feed: what they tell can be replayed from it."),
    "webhook_attempts": (30, "Long enough to look into a receiver's failure."),
    "webhook_secrets": (1, "A secret that was replaced signs nothing any more."),
    "jobs": (30, "Long enough to look into a failure; their results stand in their own tables."),
    "idempotency_keys": (7, "No client retries a request for a week."),
    "tokens": (1, "Expired access and refresh tokens, and expired sessions, open nothing."),
}
"""Kind → (days, reason). Evidence, the ledger, agreements and decisions are not named here and never leave."""

ARCHIVE_DIRECTORY = Path(env.str("ARCHIVE_DIRECTORY", default=str(VAR / "archive")))
"""Where ranges of events go; keep it on other storage than the database, and in the backup."""
