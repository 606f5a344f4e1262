"""Profiles and measurements."""
