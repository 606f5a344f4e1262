"""Organisations, people, memberships, segments, admissions, access tokens."""
