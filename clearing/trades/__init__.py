"""Trades and the obligations they make: terms, charge plans, holds, acceptance, endings, disputes, corrections, rebates."""
