"""Queries on listings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.db.models import BigIntegerField, Count, ExpressionWrapper, F, Prefetch, Q, QuerySet

from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.prepared import fetch_prepared
from marketplace.participants import queries as participants
from marketplace.participants.qualification_queries import qualifications_in_force

from .anonymisation import criteria_met, items_published
from .errors import NotOnSale, StoredFileDamaged
from .models import Distribution, Listing, ListingVersion, Offer
from .rights import parse_rights
from .search import search_condition
from .stake_queries import has_stake as has_stake
from .stake_queries import stakes_in
from .states import ListingState, VersionState
from .storage import ContentLost, open_verified

PUBLIC_VERSIONS = (VersionState.PUBLISHED, VersionState.SUPERSEDED)

POSITIONS = 2**40
"""Larger than any key: relevance times this plus the key orders results without ties."""


@dataclass(frozen=True, slots=True)
class OfferView:
    """The offer of a listing's published version.

    ``seller_id`` is the database key, ``seller`` the public identifier. ``price_minor`` is without tax. ``rights``
    are the choices of ``listings.rights``, ``policy`` the same rights in ODRL, ``policy_digest`` its SHA-256.
    ``must_be_negotiated``: the offer cannot be accepted without negotiation. Days are calendar days.
    """

    listing: str
    listing_version: str
    offer: str
    seller_id: int
    seller: str
    segment: str
    price_minor: int
    currency: str
    tax_category: str
    rights: dict[str, Any]
    policy: dict[str, Any]
    policy_digest: str
    title: dict[str, str]
    template: str
    funding_days: int
    inspection_days: int
    negotiable: bool
    charging: dict[str, Any]
    signature_level: str
    ending: dict[str, Any]
    must_be_negotiated: bool
    personal_data_class: str


TERMS = (
    "price_minor", "currency", "tax_category", "funding_days", "inspection_days", "rights", "charging", "signature_level",
    "ending",
)  # fmt: skip
"""The columns of an offer that are terms of a contract over it."""


@dataclass(frozen=True, slots=True)
class DistributionView:
    """One file of a version; hashes are lower-case hexadecimal."""

    public_id: str
    listing_version: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    sha512: str


@dataclass(frozen=True, slots=True)
class StatedListing:
    """The seller's statements on the data of one version, for measuring its quality.

    ``added_at`` is when the version's files were added.
    """

    listing: str
    listing_version: str
    personal_data_class: str
    source: dict[str, str]
    update_interval_days: int | None
    added_at: datetime


def listing_exists(listing: str) -> bool:
    """Whether a listing with this public identifier exists, in any state."""
    return Listing.objects.filter(public_id=listing).exists()


def is_withdrawn(listing: str) -> bool:
    """Whether a listing was withdrawn. Its row is locked in share mode: a withdrawal waits for this transaction, or is seen."""
    rows = fetch_prepared("SELECT state FROM listings_listing WHERE public_id = %s FOR SHARE", [listing])
    return rows == [(ListingState.WITHDRAWN.value,)]


def withdrawn_listings() -> QuerySet[Listing, str]:
    """The public identifiers of withdrawn listings, for a condition of another query."""
    return Listing.objects.filter(state=ListingState.WITHDRAWN).values_list("public_id", flat=True)


def version_for_sale(listing: str) -> OfferView:
    """The offer of the listing's published version. Raises Missing, NotOnSale."""
    row = Listing.objects.filter(public_id=listing).prefetch_related(_published_versions()).first()
    if row is None or row.state == ListingState.DRAFT:
        raise Missing(kind="listing", identifier=listing)
    if row.state != ListingState.ON_SALE:
        raise NotOnSale(listing=listing)
    version: ListingVersion = row.published_version
    seller, offer = participants.organisations_by_id([row.seller_id])[row.seller_id], version.offer
    return OfferView(
        listing=listing,
        listing_version=version.public_id,
        offer=offer.public_id,
        seller_id=row.seller_id,
        seller=seller.public_id,
        segment=row.segment_id,
        price_minor=offer.price_minor,
        currency=offer.currency,
        tax_category=offer.tax_category,
        rights=offer.rights,
        policy=offer.policy,
        policy_digest=offer.policy_digest,
        title=row.title,
        template=offer.template,
        funding_days=offer.funding_days,
        inspection_days=offer.inspection_days,
        negotiable=offer.negotiable,
        charging=offer.charging,
        signature_level=offer.signature_level,
        ending=offer.ending,
        must_be_negotiated=parse_rights(offer.rights).must_be_negotiated,
        personal_data_class=row.personal_data_class,
    )


def _published_versions() -> Prefetch[Any]:
    """The published version of each listing as ``published``, with its offer and files: two queries."""
    versions = (
        ListingVersion.objects.filter(state=VersionState.PUBLISHED)
        .select_related("offer")
        .prefetch_related(Prefetch("distributions", Distribution.objects.order_by("pk")))
    )
    return Prefetch("versions", queryset=versions, to_attr="published")


def catalogue() -> QuerySet[Listing]:
    """Listings that are for sale, newest first, each with its ``published_version``."""
    rows = Listing.objects.filter(state=ListingState.ON_SALE).prefetch_related(_published_versions())
    return rows.order_by("-pk")


def catalogue_page(*, after: str | None, size: int) -> tuple[list[Listing], bool]:
    """At most ``size`` listings that are for sale, newest first, from the one after the listing ``after`` on.

    Returns them and whether there are more. Raises Missing if there is no such listing; one that has left the catalogue
    keeps its place.
    """
    rows = catalogue()
    if after is not None:
        place = Listing.objects.filter(public_id=after).values_list("pk", flat=True).first()
        if place is None:
            raise Missing(kind="listing", identifier=after)
        rows = rows.filter(pk__lt=place)
    page = list(rows[: size + 1])
    return page[:size], len(page) > size


def search_listings(rows: QuerySet[Listing], text: str) -> QuerySet[Listing]:
    """Those of ``rows`` that match the search ``text`` in Japanese or English, the most relevant first.

    ``position`` orders them uniquely: by relevance, then newest first.
    """
    condition, relevance = search_condition(text)
    position = ExpressionWrapper(relevance * POSITIONS + F("pk"), output_field=BigIntegerField())
    return rows.filter(condition).annotate(position=position).order_by("-position")


def relevance_of(position: int, key: int) -> int:
    """The relevance in a result's ``position``, of the listing with this key."""
    return (position - key) // POSITIONS


@contextmanager
def searching() -> Iterator[None]:
    """Read a search within the block by its indexes, on one core.

    The planner does not know what it costs to unpack and compare long texts: it would read every listing, and with
    helpers on other cores.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)"
        )
        yield


def attach_sellers(rows: Iterable[Listing]) -> None:
    """Set ``seller_view`` of each listing to its seller, in one query."""
    listed = list(rows)
    sellers = participants.organisations_by_id(row.seller_id for row in listed)
    for row in listed:
        row.seller_view = sellers[row.seller_id]  # type: ignore[attr-defined]


def visible_listings(actor: Actor) -> QuerySet[Listing]:
    """The actor's own listings, in any state; all, for the operator."""
    rows = Listing.objects.all()
    return rows if actor.may_see() else rows.filter(seller_id=actor.organisation_id)


def visible_versions(actor: Actor | None) -> QuerySet[ListingVersion]:
    """Versions that were published, and the actor's own; all, for the operator."""
    if actor is not None and actor.may_see():
        return ListingVersion.objects.all()
    visible = Q(state__in=PUBLIC_VERSIONS)
    if actor is not None:
        visible |= Q(listing__seller_id=actor.organisation_id)
    return ListingVersion.objects.filter(visible)


def own_versions(actor: Actor) -> QuerySet[ListingVersion]:
    """Versions of the actor's own listings, with offer and files; all, for the operator."""
    rows = ListingVersion.objects.select_related("listing", "offer").prefetch_related(
        Prefetch("distributions", Distribution.objects.order_by("pk"))
    )
    return rows if actor.may_see() else rows.filter(listing__seller_id=actor.organisation_id)


def offered_terms(listing_version: str) -> dict[str, Any]:
    """The terms that a version (public identifier) was offered on, by name; raises Missing."""
    terms = Offer.objects.filter(version__public_id=listing_version).values(*TERMS).first()
    if terms is None:
        raise Missing(kind="listing version", identifier=listing_version)
    return dict(terms)


def offered_template(listing_version: str) -> str:
    """The code of the contract template of a version's (public identifier) offer; raises Missing."""
    code = Offer.objects.filter(version__public_id=listing_version).values_list("template", flat=True).first()
    if code is None:
        raise Missing(kind="listing version", identifier=listing_version)
    return str(code)


def distributions(listing_version: str) -> list[DistributionView]:
    """The files of a version (public identifier), in the order they were added; empty for an unknown one."""
    rows = Distribution.objects.filter(version__public_id=listing_version).order_by("pk")
    return [_distribution(row, listing_version) for row in rows]


def _distribution(row: Distribution, listing_version: str) -> DistributionView:
    return DistributionView(
        public_id=row.public_id,
        listing_version=listing_version,
        file_name=row.file_name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        sha512=row.sha512,
    )


def open_distribution(distribution: str) -> BinaryIO:
    """The content of a file, opened at its start, with its hash verified. The caller must have checked access.

    Raises Missing, StoredFileDamaged.
    """
    row = Distribution.objects.filter(public_id=distribution).first()
    if row is None:
        raise Missing(kind="distribution", identifier=distribution)
    try:
        return open_verified(row.storage_key, row.sha256)
    except ContentLost as error:
        raise StoredFileDamaged(distribution=distribution) from error


def stated_listing(listing_version: str) -> StatedListing:
    """The seller's statements on a version. Raises Missing."""
    version = _version(listing_version)
    listing = version.listing
    return StatedListing(
        listing=listing.public_id,
        listing_version=listing_version,
        personal_data_class=listing.personal_data_class,
        source=listing.source,
        update_interval_days=listing.update_interval_days,
        added_at=version.created_at,
    )


def publication_facts(listing_version: str) -> dict[str, Any]:
    """The facts about a version for the rules, as ``listings.facts`` declares them. Raises Missing."""
    version = _version(listing_version)
    listing = version.listing
    seller = participants.organisations_by_id([listing.seller_id])[listing.seller_id]
    stakes = stakes_in(listing.public_id)
    return {
        "seller": seller.public_id,
        "segment": listing.segment_id,
        "personal_data_class": listing.personal_data_class,
        "has_source": bool(listing.source_name),
        "source_url_stated": bool(listing.source_url),
        "licence_stated": bool(listing.source_licence),
        "update_interval_stated": listing.update_interval_days is not None,
        "keyword_count": len(listing.keywords),
        "file_count": version.distributions.count(),
        "version_number": version.number,
        "seller_active": seller.is_active,
        "seller_admitted": participants.is_admitted(listing.seller_id, listing.segment_id, "seller"),
        "seller_affiliated": seller.is_operator or seller.affiliate,
        "anonymisation_stated": listing.anonymisation is not None,
        "anonymisation_items_published": items_published(listing.anonymisation),
        "anonymisation_criteria_met": criteria_met(listing.anonymisation),
        "reidentification_prohibited": version.offer.rights["reidentification"] == "prohibited",
        "onward_transfer_prohibited": version.offer.rights["onward_transfer"] == "prohibited",
        "price_minor": version.offer.price_minor,
        "currency": version.offer.currency,
        "stakes": sorted(set(stakes)),
        "stake_count": len(stakes),
        "seller_qualifications": qualifications_in_force([listing.seller_id])[listing.seller_id],
    }


def versions_on_sale(limit: int) -> Iterator[str]:
    """The public identifiers of at most ``limit`` published versions of listings on sale, the oldest first."""
    rows = ListingVersion.objects.filter(state=VersionState.PUBLISHED, listing__state=ListingState.ON_SALE)
    return rows.order_by("pk").values_list("public_id", flat=True)[:limit].iterator(chunk_size=1_000)


def _version(listing_version: str) -> ListingVersion:
    row = ListingVersion.objects.select_related("listing", "offer").filter(public_id=listing_version).first()
    if row is None:
        raise Missing(kind="listing version", identifier=listing_version)
    return row


def counts() -> dict[str, int]:
    """Numbers of listings ``published`` (with a published version, not withdrawn) and ``refused`` (every decided
    version was refused)."""
    decided = Listing.objects.annotate(
        published=Count("versions", filter=Q(versions__state=VersionState.PUBLISHED)),
        refused=Count("versions", filter=Q(versions__state=VersionState.REFUSED)),
        decided=Count("versions", filter=Q(versions__decision__isnull=False)),
    )
    return {
        "published": decided.filter(published__gte=1).count(),
        "refused": decided.filter(refused__gte=1, refused=F("decided")).count(),
    }


def decided_versions() -> int:
    """The number of versions that the rules have decided, including those on hold."""
    return ListingVersion.objects.filter(decision__isnull=False).count()


def earlier_distributions(listing_version: str) -> list[DistributionView]:
    """The files of every earlier version of the same listing. Raises Missing."""
    version = _version(listing_version)
    rows = Distribution.objects.select_related("version").filter(
        version__listing_id=version.listing_id, version__number__lt=version.number
    )
    return [_distribution(row, row.version.public_id) for row in rows.order_by("pk")]
