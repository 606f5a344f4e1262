"""Advisory locks of evidence."""

from marketplace.kernel.locks import AdvisoryLock, Mode

SEAL_LOCK = AdvisoryLock(
    name="evidence.seal",
    key=5_301_002,
    rank=20,
    protects="One sealer at a time chains evidence records.",
    modes=frozenset({Mode.TRY}),
)
