"""Surveillance on metadata: what is noticed opens a review, which a person closes; nothing follows by itself."""
