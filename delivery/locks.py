"""The order in which delivery locks rows."""

from marketplace.kernel.locks import RowOrder

RowOrder(
    "delivery",
    "An entitlement is locked before its inspections and downloads are decided on, and before the agreement that a"
    " dispute is about; entitlements in key order.",
)
