"""The order in which delivery locks rows."""

from marketplace.kernel.locks import AdvisoryLock, Mode, RowOrder

DOWNLOAD_LOCK = AdvisoryLock(
    name="delivery.download",
    key=5301201,
    rank=55,
    protects="One download at a time begins, so that no more run at once than are allowed.",
    modes=frozenset({Mode.EXCLUSIVE}),
)

RowOrder(
    "delivery",
    "An entitlement is locked before its inspections and downloads are decided on, and before the agreement that a"
    " dispute is about; entitlements in key order. A new entitlement comes after its agreement, which is held in share mode.",
)
