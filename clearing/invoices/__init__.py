"""Qualified invoices, return invoices, corrected invoices, and the intermediary rule."""
