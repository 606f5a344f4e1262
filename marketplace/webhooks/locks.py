"""Advisory locks of the feed and the webhooks."""

from marketplace.kernel.locks import AdvisoryLock, Mode, RowOrder

PUBLISH_LOCK = AdvisoryLock(
    name="webhooks.publish",
    key=5_301_041,
    rank=12,
    protects="One publisher at a time writes the feed, so its entries are numbered in the order of commits.",
    modes=frozenset({Mode.TRY}),
)
CLAIM_LOCK = AdvisoryLock(
    name="webhooks.claim",
    key=5_301_042,
    rank=13,
    protects="One sender at a time claims messages, so the limit of an organisation's attempts at once holds.",
    modes=frozenset({Mode.EXCLUSIVE}),
)

RowOrder("webhooks", "The organisation, then its webhook, then messages, then the tasks of notices.")
