"""Drafts of the rulebook: written, previewed, approved by two people, published."""
