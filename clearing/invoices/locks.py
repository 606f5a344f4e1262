"""Advisory locks of invoices."""

from marketplace.kernel.locks import AdvisoryLock, Mode

INTERMEDIARY_NOTICE_LOCK = AdvisoryLock(
    name="clearing.intermediary_notice",
    key=5_301_033,
    rank=85,
    protects="One transaction at a time gives or withdraws intermediary notices, so that a seller has one in force.",
    modes=frozenset({Mode.EXCLUSIVE}),
)

INVOICE_NUMBER_LOCK = AdvisoryLock(
    name="clearing.invoice_number",
    key=5_301_012,
    rank=90,
    protects="One transaction at a time numbers invoices, so that an issuer's numbers have no gap.",
    modes=frozenset({Mode.EXCLUSIVE}),
)
