"""The order in which listings locks rows."""

from marketplace.kernel.locks import RowOrder

RowOrder("listings", "A listing is locked before its versions; listings in key order.")
