"""The order of the row locks of participants."""

from marketplace.kernel.locks import RowOrder

RowOrder(
    "people",
    "An organisation is locked before its invitations, memberships, changes of them, resets and recoveries, and before the"
    " person who joins it; so its owners stay what they are while somebody decides.",
)
