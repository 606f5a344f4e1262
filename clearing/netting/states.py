"""Enumerations of netting. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class ProofTree(TextChoices):
    """What a Merkle tree of a cycle covers."""

    TRADES = "trades", Label("lines of trades and further obligations", "取引・追加債務の明細")
    POSITIONS = "positions", Label("net positions", "差引額")
