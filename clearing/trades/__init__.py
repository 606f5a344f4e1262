"""Trades and their obligations: terms, charge plans, holds, acceptance, endings, disputes, corrections, rebates."""
