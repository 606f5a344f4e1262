"""Disputes: who may open which, what both sides state, settlements, mediators, decisions and their remedies."""
