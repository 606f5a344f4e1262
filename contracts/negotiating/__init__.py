"""Rounds of a negotiation: what changed, in words."""
