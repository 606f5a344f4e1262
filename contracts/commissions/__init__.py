"""Commissioned data: whether the laws on commissioned work protect the seller, and what they then demand."""
