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
    "feed": (30, "Participants read and replay events for a month; the events themselves are kept longer."),
    "webhook_messages": (30, "As long as the feed, from which what they were about can be read again."),
    "webhook_attempts": (30, "Long enough to look into what a receiver missed."),
    "webhook_secrets": (0, "What no longer signs is of use to a thief alone."),
    "mail": (30, "Personal data, kept as long as a participant may ask whether a mail was sent."),
    "documents": (90, "Large documents only, which are rendered again when somebody asks for them."),
    "jobs": (30, "Long enough to look into a failure; their results stand in their own tables."),
    "lapsed_registrations": (7, "Personal data of applicants who did not complete their application."),
    "refused_registrations": (365, "Personal data, kept as long as an applicant may ask why it was refused."),
    "refused_recoveries": (365, "Personal data, kept as long as somebody may ask why it was refused."),
    "unused_invitations": (90, "Personal data, kept as long as an organisation may ask whom it invited."),
    "refused_downloads": (30, "What the surveillance noticed in them stands in its review."),
    "shown_searches": (92, "The neutrality bundle of their month shows them, and stays."),
    "idempotency_keys": (7, "No client retries a request for a week."),
    "tokens": (1, "Expired access and refresh tokens, and expired sessions, open nothing."),
}
"""Kind → (days, reason). Evidence, the ledger, agreements and decisions are not named here and never leave."""

ARCHIVE_DIRECTORY = Path(env.str("ARCHIVE_DIRECTORY", default=str(VAR / "archive")))
"""Where ranges of events go; keep it on other storage than the database, and in the backup."""
