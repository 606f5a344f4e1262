"""Advisory locks of invoices."""

from marketplace.kernel.locks import AdvisoryLock, Mode

INVOICE_NUMBER_LOCK = AdvisoryLock(
    name="clearing.invoice_number",
    key=5_301_012,
    rank=90,
    protects="One transaction at a time numbers invoices, so that an issuer's numbers have no gap.",
    modes=frozenset({Mode.EXCLUSIVE}),
)
