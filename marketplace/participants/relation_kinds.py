"""Kinds of relations between organisations, and how the market knows of one. Pure."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class RelationKind(TextChoices):
    """How one organisation is related to another."""

    PARENT = "parent", Label("the other is its parent", "親会社")
    SUBSIDIARY = "subsidiary", Label("the other is its subsidiary", "子会社")
    AFFILIATE = "affiliate", Label("the other is an affiliate", "関連会社・同一グループ")
    OFFICER = "officer", Label("they share an officer", "役員の兼任")


class RelationSource(TextChoices):
    """Who states a relation."""

    DECLARED = "declared", Label("the organisation declares it", "組織による届出")
    FOUND = "found", Label("the operator found it", "運営者による確認")
