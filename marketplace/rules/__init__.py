"""Rulebooks, facts, decisions, halts and neutrality."""
