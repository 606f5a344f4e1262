"""What quality refuses."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class AlreadyMeasured(DomainError):
    """A version is measured once, before it is judged. Fields: ``listing_version, profile``."""

    code = "already_measured"
    category = Category.CONFLICT
    detail = Label(
        "{listing_version} was measured already: {profile}.",
        "{listing_version} は測定済みです: {profile}",
    )
