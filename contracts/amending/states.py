"""The choices of versions of an agreement. Pure."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class VersionKind(TextChoices):
    """What made a version of an agreement."""

    AMENDED = "amended", Label("amended, signed by both parties", "双方の署名による変更")
    RENEWED = "renewed", Label("renewed by the clause that both signed", "署名済みの条項による更新")


class TermMove(TextChoices):
    """How the price, or the end of the rights, of a version compares with the version before."""

    HIGHER = "higher", Label("higher", "増額")
    LOWER = "lower", Label("lower", "減額")
    LONGER = "longer", Label("longer", "延長")
    SHORTER = "shorter", Label("shorter", "短縮")
    SAME = "same", Label("unchanged", "変更なし")
