"""The advisory lock of indices."""

from marketplace.kernel.locks import AdvisoryLock, Mode

INDEX_LOCK = AdvisoryLock(
    name="contracts.index",
    key=5_301_104,
    rank=52,
    protects="Clauses that read an index share it; entering a value of that index takes it alone: no value is entered while one is read.",
    modes=frozenset({Mode.EACH, Mode.EACH_SHARED}),
)
