"""Advisory locks of evidence."""

from marketplace.kernel.locks import AdvisoryLock, Mode

SEAL_LOCK = AdvisoryLock(
    name="evidence.seal",
    key=5_301_002,
    rank=20,
    protects="One sealer at a time adds leaves for evidence records.",
    modes=frozenset({Mode.TRY}),
)

ROW_SEAL_LOCK = AdvisoryLock(
    name="evidence.row_seal",
    key=5_301_023,
    rank=21,
    protects="One sealer at a time seals the rows of append-only tables.",
    modes=frozenset({Mode.TRY}),
)
