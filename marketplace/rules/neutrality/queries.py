"""Queries on neutrality bundles and counterfactuals."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.evidence.queries import RecordProof, prove_recorded
from marketplace.kernel.errors import Missing

from .errors import BundleNotMade
from .models import Counterfactual, NeutralityBundle

FILES = ("content", "auditors_content")
MADE = "rules.neutrality_bundle_made"
"""The kind of the record that states the hashes of a bundle's files."""


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


def proof_of(bundle: str) -> RecordProof:
    """What opens the record of a bundle in the public log: it states days and hashes, so everybody may open it.

    Raises Missing, BundleNotMade, NotInCheckpoint.
    """
    made = NeutralityBundle.objects.filter(public_id=bundle).values_list("made_at", flat=True)
    if not made:
        raise Missing(kind="neutrality bundle", identifier=bundle)
    if made[0] is None:
        raise BundleNotMade(bundle=bundle)
    return prove_recorded(kind=MADE, subject=bundle)


def counterfactuals() -> QuerySet[Counterfactual]:
    """Every counterfactual; its serializer shows everybody no organisation."""
    return Counterfactual.objects.all()


def latest_bundle() -> NeutralityBundle | None:
    """The newest bundle that is made, without its files."""
    return bundles().filter(made_at__isnull=False).order_by("-last_day").first()


def is_made(bundle: str) -> bool:
    """Whether the files of a bundle are made."""
    return NeutralityBundle.objects.filter(public_id=bundle, made_at__isnull=False).exists()
