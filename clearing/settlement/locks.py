"""Advisory locks of settlement."""

from marketplace.kernel.locks import AdvisoryLock, Mode

PAYMENT_SEQUENCE_LOCK = AdvisoryLock(
    name="clearing.payment_sequence",
    key=5_301_014,
    rank=80,
    protects="One transaction at a time takes the next number of a payment that belongs to no cycle.",
    modes=frozenset({Mode.EXCLUSIVE}),
)
