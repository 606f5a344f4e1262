"""Writing to the ledger: opening accounts and posting entries. Reading is in ``clearing.queries``."""
