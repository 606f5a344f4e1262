"""Migrations of participants."""
