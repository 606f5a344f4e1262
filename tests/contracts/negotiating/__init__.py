"""Rounds of a negotiation, and what goes with them."""
