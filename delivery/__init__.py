"""Entitlements, downloads and receipts."""
