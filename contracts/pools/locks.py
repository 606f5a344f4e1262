"""The advisory lock of pools."""

from marketplace.kernel.locks import AdvisoryLock, Mode

POOL_LOCK = AdvisoryLock(
    name="contracts.pool",
    key=5_301_103,
    rank=36,
    protects="Versions of one pool are proposed, signed and closed one at a time: each follows the one that stands.",
    modes=frozenset({Mode.EACH}),
)
