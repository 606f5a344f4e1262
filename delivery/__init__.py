"""Entitlements, downloads, receipts and inspections."""
