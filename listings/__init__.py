"""Listings, their versions, offers, rights of use, and the catalogue."""
