"""Datasets, versions, offers, rights and the catalogue."""
