"""Errors of quality."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class AlreadyMeasured(DomainError):
    """A version is measured only once. Fields: ``listing_version, profile``."""

    code = "already_measured"
    category = Category.CONFLICT
    detail = Label(
        "The quality of {listing_version} was already measured: {profile}.",
        "{listing_version} の品質は測定済みです: {profile}",
    )
