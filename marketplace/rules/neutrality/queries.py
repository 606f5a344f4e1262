"""Queries on neutrality bundles and counterfactuals."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.kernel.errors import Missing

from .errors import BundleNotMade
from .models import Counterfactual, NeutralityBundle

FILES = ("content", "auditors_content")


def bundles() -> QuerySet[NeutralityBundle]:
    """Every bundle, without its files; public."""
    return NeutralityBundle.objects.defer(*FILES)


def public_content(bundle: str) -> tuple[bytes, str]:
    """The public file of a bundle and its SHA-256. Raises Missing, BundleNotMade."""
    row = NeutralityBundle.objects.filter(public_id=bundle).values_list("content", "sha256").first()
    if row is None:
        raise Missing(kind="neutrality bundle", identifier=bundle)
    if row[0] is None or row[1] is None:
        raise BundleNotMade(bundle=bundle)
    return bytes(row[0]), row[1]


def counterfactuals() -> QuerySet[Counterfactual]:
    """Every counterfactual; its serializer shows everybody no organisation."""
    return Counterfactual.objects.all()


def latest_bundle() -> NeutralityBundle | None:
    """The newest bundle that is made, without its files."""
    return bundles().filter(made_at__isnull=False).order_by("-last_day").first()


def is_made(bundle: str) -> bool:
    """Whether the files of a bundle are made."""
    return NeutralityBundle.objects.filter(public_id=bundle, made_at__isnull=False).exists()
