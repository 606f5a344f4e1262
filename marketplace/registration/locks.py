"""Advisory locks of registration, and the order of its row locks."""

from marketplace.kernel.locks import AdvisoryLock, Mode, RowOrder

APPLY_LOCK = AdvisoryLock(
    name="registration.apply",
    key=5301301,
    rank=45,
    protects="One application at a time is begun, so that those of one address or mail address are counted once.",
    modes=frozenset({Mode.EXCLUSIVE}),
)

LOAD_LOCK = AdvisoryLock(
    name="registration.load",
    key=5301302,
    rank=46,
    protects="One sanctions list at a time is loaded.",
    modes=frozenset({Mode.EXCLUSIVE}),
)

RowOrder(
    "registration",
    "An application is locked before its documents, owners and screenings, and before the organisation that it registers.",
)
