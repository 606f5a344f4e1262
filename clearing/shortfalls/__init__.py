"""Shortfalls of participants: clearing vector, own money, security deposits, claims."""
