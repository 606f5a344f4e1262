"""The double-entry ledger: chart, accounts, journal, balances, lock order, closed months, funds regimes."""
