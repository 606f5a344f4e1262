"""Advisory locks of monthly statements."""

from marketplace.kernel.locks import AdvisoryLock, Mode

STATEMENT_LOCK = AdvisoryLock(
    name="clearing.monthly_statements",
    key=5_301_015,
    rank=100,
    protects="One worker at a time makes monthly statements.",
    modes=frozenset({Mode.TRY}),
)
