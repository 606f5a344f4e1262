"""Advisory locks of trades."""

from marketplace.kernel.locks import AdvisoryLock, Mode

FEE_REFUND_LOCK = AdvisoryLock(
    name="clearing.fee_refund",
    key=5_301_039,
    rank=66,
    protects=(
        "One transaction at a time refunds fees, because the tax of a refund depends on all refunds before it."
        " Taken after the rows of the trades."
    ),
    modes=frozenset({Mode.EXCLUSIVE}),
)
