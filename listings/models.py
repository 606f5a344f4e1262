"""Listings, their versions, and the files and the offer of a version."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from marketplace.cases.guards import decided_in_case
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.bounds import FUNDING_DAYS_MAX, INSPECTION_DAYS_MAX
from marketplace.kernel.columns import (
    BoundedJSONField,
    CountField,
    DayField,
    DaysField,
    MinorField,
    MomentField,
)
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import append_only, immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField
from marketplace.participants.suspension_guards import begun_by_active

from .charging_guards import is_charging, is_priced
from .charging_terms import ChargingTerms
from .ending import is_ending, never_by_notice
from .guards import (
    added_in_draft,
    complete_when_submitted,
    described_before_sale,
    lawful_when_published,
    passes_nothing_on,
    rights_usable,
    settled_decision,
    sold_while_admitted,
    sold_with_version,
    usable_when_published,
)
from .stake_models import Stake
from .states import (
    LISTING,
    NEVER_FOR_SALE,
    PENDING_VERSIONS,
    VERSION,
    ListingState,
    PersonalDataClass,
    SignatureLevel,
    TaxCategory,
    VersionState,
)

__all__ = ["Distribution", "Listing", "ListingVersion", "Offer", "ShownSearch", "Stake"]

SEARCHERS_MIN = 3
"""A search is kept only where so many organisations made it on a day."""
SEARCHES_A_DAY_MAX = 50
SEARCH_WORDS_MAX = 100
DESCRIBING_COLUMNS = (
    "title_ja",
    "title_en",
    "description_ja",
    "description_en",
    "keywords",
    "source_name",
    "source_url",
    "source_licence",
    "update_interval_days",
    "anonymisation",
)


class Listing(models.Model):
    """A dataset that a seller lists, with the seller's description.

    Invariants: the seller's own ``reference`` names one listing of that seller. Seller, segment and class of personal
    data never change; the description changes only before the first publication and never while a version awaits a
    decision. A listing that is for sale has a published version, and comes to sale while its seller is admitted. Pseudonymised information is never for sale. Listings
    are withdrawn by their state, and never deleted.

    ``anonymisation``: how anonymised information was made (see ``listings.anonymisation``), else NULL. ``search``,
    ``search_text`` and ``search_pairs`` are derived from the description (see ``listings.search``). ``withdrawal_reason``: what
    was said when it was withdrawn, null before; evidence commits to it with ``salt``.
    """

    public_id = IdentifierField(prefix="lst")
    seller = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=60)
    segment = models.ForeignKey(
        "participants.Segment",
        to_field="code",
        db_column="segment",
        on_delete=models.PROTECT,
        related_name="+",
    )
    title_ja = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    description_ja = models.TextField()
    description_en = models.TextField()
    keywords = BoundedJSONField(default=list)
    source_name = models.CharField(max_length=300, blank=True, default="")
    source_url = models.URLField(max_length=500, blank=True, default="")
    source_licence = models.CharField(max_length=300, blank=True, default="")
    personal_data_class = models.CharField(max_length=20, choices=PersonalDataClass.choices)
    update_interval_days = DaysField(null=True)
    anonymisation = BoundedJSONField(null=True)
    state = models.CharField(max_length=10, choices=ListingState.choices, default=ListingState.DRAFT)
    search = SearchVectorField(null=True, editable=False)
    search_text = models.TextField(blank=True, default="", editable=False)
    search_pairs = ArrayField(models.CharField(max_length=2), default=list, editable=False)
    created_at = MomentField()
    withdrawal_reason = models.TextField(null=True)
    salt = SaltField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seller", "reference"], name="listing_reference_once"),
            models.CheckConstraint(
                condition=Q(personal_data_class__in=PersonalDataClass.values), name="listing_class_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="on_sale", personal_data_class__in=sorted(NEVER_FOR_SALE)),
                name="listing_never_pseudonymised",
            ),
            models.CheckConstraint(
                condition=Q(update_interval_days__isnull=True) | Q(update_interval_days__gte=1),
                name="listing_interval_positive",
            ),
            models.CheckConstraint(
                condition=Q(withdrawal_reason__isnull=True) | Q(state=ListingState.WITHDRAWN),
                name="listing_withdrawn_why",
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="listing_search"),
            GinIndex(OpClass(Upper("search_text"), name="gin_trgm_ops"), name="listing_substring"),
            GinIndex(fields=["search_pairs"], name="listing_pairs"),
            models.Index("segment", "id", name="listing_on_sale", condition=Q(state="on_sale")),
        ]
        triggers = [
            state_guard(LISTING),
            no_delete(),
            immutable(
                "public_id", "seller_id", "reference", "segment", "personal_data_class", "created_at", "salt"
            ),
            set_once("withdrawal_reason"),
            begun_by_active("seller_id"),
            described_before_sale(*DESCRIBING_COLUMNS),
            sold_with_version("id"),
            sold_while_admitted(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id

    @property
    def title(self) -> dict[str, str]:
        """The title in both languages."""
        return {"ja": self.title_ja, "en": self.title_en}

    @property
    def description(self) -> dict[str, str]:
        """The description in both languages."""
        return {"ja": self.description_ja, "en": self.description_en}

    @property
    def source(self) -> dict[str, str]:
        """The source of the data and its licence."""
        return {"name": self.source_name, "url": self.source_url, "licence": self.source_licence}

    @property
    def published_version(self) -> ListingVersion:
        """The published version, of a listing that was read with it (``queries.catalogue``)."""
        version: ListingVersion = self.published[0]  # type: ignore[attr-defined]
        return version


class ListingVersion(models.Model):
    """A version of a listing's data: files, and an offer for them.

    ``decision`` is the public identifier of the rules' decision; ``decision_reason`` the operator's reason where a
    person decided, or what overrode the rules, in Japanese and English; evidence commits to it with ``salt``. Invariants:
    numbers count up within a listing; at most one version is published, and at most one awaits a decision; a submitted
    version has a file and an offer, and these and the decision never change; a version of pseudonymised information is
    never published.
    """

    public_id = IdentifierField(prefix="lsv")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.DRAFT)
    decision = models.CharField(max_length=31, null=True)
    decision_reason = models.TextField(blank=True, default="")
    created_at = MomentField()
    submitted_at = MomentField(null=True)
    decided_at = MomentField(null=True)
    published_at = MomentField(null=True)
    salt = SaltField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["listing", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["listing"], condition=Q(state="published"), name="version_published_once"
            ),
            models.UniqueConstraint(
                fields=["listing"],
                condition=Q(state__in=sorted(PENDING_VERSIONS)),
                name="version_pending_once",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_from_one"),
            models.CheckConstraint(
                condition=Q(state="withdrawn")
                | Q(state="draft", submitted_at__isnull=True, decided_at__isnull=True)
                | Q(state="submitted", submitted_at__isnull=False, decided_at__isnull=True)
                | Q(
                    state__in=("on_hold", "published", "refused", "superseded"),
                    decision__isnull=False,
                    decided_at__isnull=False,
                ),
                name="version_decided_when",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn")
                | Q(state__in=("published", "superseded"), published_at__isnull=False)
                | Q(state__in=("draft", "submitted", "on_hold", "refused"), published_at__isnull=True),
                name="version_published_when",
            ),
        ]
        triggers = [
            state_guard(VERSION),
            no_delete(),
            immutable("public_id", "listing_id", "number", "created_at", "salt"),
            set_once("submitted_at", "published_at"),
            settled_decision(),
            complete_when_submitted(),
            lawful_when_published(),
            passes_nothing_on(),
            usable_when_published(),
            sold_with_version("listing_id"),
            decided_in_case("publication", {"published": "allow", "refused": "deny"}),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class Distribution(models.Model):
    """One file of a version, stored by content. Invariant: added in preparation, never changed or deleted."""

    public_id = IdentifierField(prefix="dst")
    version = models.ForeignKey(ListingVersion, on_delete=models.PROTECT, related_name="distributions")
    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    sha512 = models.CharField(max_length=128)
    storage_key = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "file_name"], name="distribution_name_once"),
            models.CheckConstraint(condition=Q(size_bytes__gte=1), name="distribution_not_empty"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$") & Q(sha512__regex=r"^[0-9a-f]{128}$"),
                name="distribution_hashes",
            ),
        ]
        triggers = [append_only(), added_in_draft()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


def charged_once() -> dict[str, Any]:
    """The terms of charging of a price that is paid once."""
    return ChargingTerms().as_dict()


class Offer(models.Model):
    """The price, rights of use and terms under which a version is sold.

    ``rights`` are the seller's choices (see ``listings.rights``), ``policy`` the same rights in ODRL 2.2 and
    ``policy_digest`` the SHA-256 of its canonical JSON. ``price_minor`` is without tax, in minor units of
    ``currency``; ``charging`` says in which rhythm it is charged (``listings.charging_terms``), ``ending`` whether notice ends the contract. ``template`` is the code of a contract
    template. Invariant: one offer per version, added in preparation, never changed or deleted; its rights permit what they sell, at least on
    the day of publication, and until the last charge has run.
    """

    public_id = IdentifierField(prefix="ofr")
    version = models.OneToOneField(ListingVersion, on_delete=models.PROTECT, related_name="offer")
    price_minor = MinorField()
    currency = models.CharField(max_length=3)
    tax_category = models.CharField(max_length=10, choices=TaxCategory.choices)
    rights = BoundedJSONField()
    policy = BoundedJSONField()
    policy_digest = models.CharField(max_length=64)
    template = models.CharField(max_length=60)
    funding_days = DaysField()
    inspection_days = DaysField()
    negotiable = models.BooleanField()
    charging = BoundedJSONField(default=charged_once)
    ending = BoundedJSONField(default=never_by_notice)
    signature_level = models.CharField(
        max_length=12,
        choices=SignatureLevel.choices,
        default=SignatureLevel.MARKET_SIDE,
        db_default=SignatureLevel.MARKET_SIDE,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=is_charging("charging"), name="offer_charging"),
            models.CheckConstraint(condition=is_ending("ending", "charging"), name="offer_ending"),
            models.CheckConstraint(condition=is_priced("charging", "price_minor"), name="offer_priced"),
            models.CheckConstraint(
                condition=Q(signature_level__in=SignatureLevel.values), name="offer_signature_level"
            ),
            models.CheckConstraint(
                condition=Q(price_minor__gte=0, price_minor__lte=AMOUNT_MINOR_MAX), name="offer_price"
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="offer_currency"),
            models.CheckConstraint(
                condition=Q(tax_category__in=TaxCategory.values), name="offer_tax_category"
            ),
            models.CheckConstraint(
                condition=Q(funding_days__lte=FUNDING_DAYS_MAX, inspection_days__gte=1)
                & Q(inspection_days__lte=INSPECTION_DAYS_MAX),
                name="offer_days",
            ),
            models.CheckConstraint(condition=rights_usable("rights"), name="offer_rights_usable"),
            models.CheckConstraint(condition=Q(policy_digest__regex=r"^[0-9a-f]{64}$"), name="offer_digest"),
        ]
        triggers = [append_only(), added_in_draft()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class ShownSearch(models.Model):
    """A search of the catalogue on a ``day``, and the order of results that was shown to who made it. It tells of nobody.

    ``words`` are those of the searched words that listings for sale state, ``others`` how many more were searched, ``results``
    the first of what was shown: ``[[listing, version, relevance], …]`` in order. Invariants: at least
    ``SEARCHERS_MIN`` organisations made the search that day; a search once a day, at most ``SEARCHES_A_DAY_MAX``; never changed.
    """

    day = DayField()
    number = CountField()
    searchers = CountField()
    words = ArrayField(models.CharField(max_length=200))
    others = CountField()
    is_either = models.BooleanField()
    results = BoundedJSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "number"], name="shown_search_numbered"),
            models.UniqueConstraint(
                fields=["day", "words", "others", "is_either"], name="shown_search_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=SEARCHES_A_DAY_MAX), name="shown_search_bounded"
            ),
            models.CheckConstraint(condition=Q(searchers__gte=SEARCHERS_MIN), name="shown_search_of_several"),
            models.CheckConstraint(
                condition=Q(words__len__gte=1, words__len__lte=SEARCH_WORDS_MAX), name="shown_search_words"
            ),
        ]
        triggers = [
            immutable("day", "number", "searchers", "words", "others", "is_either", "results"),
            no_delete(),
        ]

    def __str__(self) -> str:
        """The day, and the number on it."""
        return f"{self.day} {self.number}"
