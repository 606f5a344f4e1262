"""Queries on profiles and measurements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet

from listings import queries as listings
from marketplace.kernel.actors import Actor

from .measures import currentness
from .models import Measurement, Profile

BASIS_POINTS = 10_000


def visible_profiles(actor: Actor | None) -> QuerySet[Profile]:
    """Profiles of published versions, and of the actor's own versions; all, for the operator."""
    return Profile.objects.filter(
        listing_version__in=listings.visible_versions(actor).values("public_id")
    ).prefetch_related(Prefetch("measurements", Measurement.objects.order_by("pk")))


def profile_of(listing_version: str) -> Profile | None:
    """The profile of a version (public identifier), if it was measured."""
    return Profile.objects.filter(listing_version_id=listing_version).first()  # type: ignore[misc]


def measurements_of(listing_versions: Iterable[str]) -> dict[str, list[Measurement]]:
    """Measurements by version (public identifier), in one query; versions without any are left out."""
    found: dict[str, list[Measurement]] = {}
    rows = Measurement.objects.select_related("profile").filter(
        profile__listing_version_id__in=set(listing_versions)
    )
    for row in rows.order_by("pk"):
        found.setdefault(row.profile.listing_version_id, []).append(row)
    return found


def quality_facts(listing_version: str) -> dict[str, Any]:
    """The facts about a version's quality for the rules, as ``quality.facts`` declares them.

    A version counts as profiled when every file could be read as a table. Of a version that was not measured, the
    other facts are unknown.
    """
    profile = profile_of(listing_version)
    if profile is None:
        return {"profiled": False}
    findings = profile.personal_data
    rules = sorted({finding["rule"] for finding in findings})
    suspected = any(finding["suspected"] for finding in findings)
    measured = {row.characteristic: row.value for row in profile.measurements.all()}
    return {
        "profiled": profile.tabular,
        "row_count": profile.row_count,
        "personal_data_suspected": suspected,
        "personal_data_rules": rules,
        "special_care_suspected": suspected and "special_care" in rules,
        "person_related_suspected": "online_identifier" in rules,
        "k_anonymity": profile.k_anonymity,
        **{
            f"{name}_bp": _basis_points(measured.get(name))
            for name in ("accuracy", "completeness", "consistency", "confidentiality")
        },
    }


def currentness_bp(listing_version: str, *, at: datetime) -> int | None:
    """The currentness of a version's data at an instant, in basis points, rounded down; None without a stated interval of updates."""
    stated = listings.stated_listing(listing_version)
    measured = currentness(
        update_interval_days=stated.update_interval_days,
        age_days=max(0, (at - stated.added_at).days),
    )
    return None if measured is None else int(measured * BASIS_POINTS)


def _basis_points(value: Decimal | None) -> int | None:
    return None if value is None else int(value * BASIS_POINTS)
