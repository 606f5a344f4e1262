"""Prices that adjust themselves by a signed clause: published indices, and what each clause did, once a charge."""
