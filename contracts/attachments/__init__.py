"""Annexes of a negotiation: files that both sides sign with the agreement."""
