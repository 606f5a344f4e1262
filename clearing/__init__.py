"""Trades, obligations, cycles, ledger, settlement and invoices."""
