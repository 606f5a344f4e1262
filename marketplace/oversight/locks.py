"""Advisory locks of oversight."""

from marketplace.kernel.locks import AdvisoryLock, Mode

SURVEILLANCE_LOCK = AdvisoryLock(
    name="oversight.surveillance",
    key=5_301_043,
    rank=5,
    protects="The agreements and ended negotiations of two organisations are seen one at a time: of two at once, neither would see the other.",
    modes=frozenset({Mode.EACH}),
)

SEAL_LOCK = AdvisoryLock(
    name="oversight.seal",
    key=5_301_044,
    rank=6,
    protects="A record is sealed once on one ground until one day, however many people give the command at once.",
    modes=frozenset({Mode.EACH}),
)
