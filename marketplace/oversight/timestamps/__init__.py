"""Asking a timestamp authority about checkpoints of the evidence log."""
