"""Held cases and appeals: one queue, decided by two people of the operator."""
