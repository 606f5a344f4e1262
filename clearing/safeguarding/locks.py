"""Advisory locks of safeguarding."""

from marketplace.kernel.locks import AdvisoryLock, Mode

SEGREGATION_CHECK_LOCK = AdvisoryLock(
    name="clearing.segregation_check",
    key=5_301_016,
    rank=110,
    protects="One segregation check at a time is made, so that each follows the last.",
    modes=frozenset({Mode.EXCLUSIVE}),
)
