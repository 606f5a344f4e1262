"""Seals on records that law keeps secret: by two people, until a review date, and never for good."""
