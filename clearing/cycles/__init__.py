"""Cycles and their states; the calendar of cut-offs and value dates."""
