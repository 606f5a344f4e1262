"""Ends before the term, expiry, and the duty to delete."""
