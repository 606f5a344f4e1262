"""Signatures, their levels and what is sealed."""
