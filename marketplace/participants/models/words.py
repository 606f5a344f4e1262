"""Choices that several tables share."""

LANGUAGES = (("ja", "日本語"), ("en", "English"))
"""Languages in which people are written to."""
