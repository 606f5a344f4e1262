"""Rulebook, facts, decisions and neutrality."""
