"""Prepare a listing: its description, files and offer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Max

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.bounds import DAYS_MAX
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants import queries as participants
from marketplace.participants.suspension_queries import require_active

from ..anonymisation import check_anonymisation
from ..charging_terms import require_chargeable, require_paid_within_periods
from ..errors import DescriptionFixed, ListingEnded, ReferenceTaken
from ..models import DESCRIBING_COLUMNS, Distribution, Listing, ListingVersion, Offer
from ..offers import OfferTerms, parse_offer
from ..payability import require_payable
from ..queries import visible_listings
from ..rights import Parties, policy_of, require_feasible
from ..search import document_vector, substring_pairs, substring_text
from ..states import PENDING_VERSIONS, ListingState, PersonalDataClass
from ..storage import StoredFile, store
from .locking import locked_listing, require_seller

FILE_NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")
MEDIA_TYPE = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}(; ?[a-z]+=[\w.-]+)?"
)
TITLE_CHARACTERS_MAX = 200
SOURCE_CHARACTERS_MAX = 300
KEYWORDS_MAX = 30
REQUIRED = Label("specify this in Japanese and English", "日本語と英語の両方を入力してください")


@dataclass(frozen=True, slots=True)
class UploadedData:
    """An uploaded file; ``content`` is its bytes, the path of a file, or an open binary file."""

    file_name: str
    media_type: str
    content: bytes | Path | BinaryIO = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """An uploaded file that is stored as ``kept``."""

    file_name: str
    media_type: str
    kept: StoredFile


@transaction.atomic
def create_listing(
    *,
    actor: Actor,
    reference: str,
    segment: str,
    title: Mapping[str, str],
    description: Mapping[str, str],
    keywords: Sequence[str],
    source: Mapping[str, str],
    personal_data_class: str,
    update_interval_days: int | None = None,
    anonymisation: Mapping[str, Any] | None = None,
) -> Listing:
    """Create a listing of the actor's organisation, under the seller's own ``reference``, in a segment (code).

    ``title`` and ``description`` are ``{"ja","en"}``; ``source`` is ``{"name","url","licence"}``, each optional;
    ``anonymisation``: see ``listings.anonymisation``. Raises FieldInvalid, Missing (segment),
    ReferenceTaken, OrganisationSuspended, Forbidden for the operator.
    """
    seller_id = actor.require_organisation()
    if actor.role is not Role.PARTICIPANT:
        raise Forbidden(needed=Label("a seller", "提供者"))
    actor.require(Permission.LISTINGS_WRITE)
    require_active(seller_id)
    reference = reference.strip()
    if not 1 <= len(reference) <= 60:
        raise FieldInvalid("reference", Label("use 1 to 60 characters", "1～60文字で入力してください"))
    if personal_data_class not in PersonalDataClass.values:
        permitted = ", ".join(PersonalDataClass.values)
        raise FieldInvalid(
            "personal_data_class",
            Label(f"specify one of {permitted}", f"次から選んでください: {permitted}"),
        )
    described = _description_columns(
        title=title,
        description=description,
        keywords=keywords,
        source=source,
        update_interval_days=update_interval_days,
        anonymisation=anonymisation,
    )
    listing, created = Listing.objects.get_or_create(
        seller_id=seller_id,
        reference=reference,
        defaults={
            "segment_id": participants.get_segment(segment).code,
            "personal_data_class": personal_data_class,
            "created_at": clock.now(),
            **described,
        },
    )
    if not created:
        raise ReferenceTaken(reference=reference)
    _index(listing)
    record(
        kind="listings.listing_created",
        subject=listing.public_id,
        actor=actor,
        payload={
            "seller": actor.organisation,
            "segment": segment,
            "personal_data_class": personal_data_class,
            "description_sha256": digest_of(described),
        },
    )
    return listing


@transaction.atomic
def revise_listing(*, actor: Actor, listing: str, **changes: Any) -> Listing:
    """Change the description of a listing before it is published: ``title``, ``description``, ``keywords``,
    ``source``, ``update_interval_days`` or ``anonymisation``, as in ``create_listing``. Omitted parts stay.

    Raises DescriptionFixed, Missing, Forbidden, FieldInvalid.
    """
    actor.require(Permission.LISTINGS_WRITE)
    subject = locked_listing(actor, listing)
    require_seller(actor, subject)
    pending = subject.versions.filter(state__in=PENDING_VERSIONS).exists()
    if subject.state != ListingState.DRAFT or pending:
        raise DescriptionFixed(listing=listing)
    present = {
        "title": subject.title,
        "description": subject.description,
        "keywords": subject.keywords,
        "source": subject.source,
        "update_interval_days": subject.update_interval_days,
        "anonymisation": subject.anonymisation,
    }
    described = _description_columns(**{**present, **changes})
    for column, value in described.items():
        setattr(subject, column, value)
    subject.save(update_fields=DESCRIBING_COLUMNS)
    _index(subject)
    record(
        kind="listings.listing_revised",
        subject=listing,
        actor=actor,
        payload={"description_sha256": digest_of(described)},
    )
    return subject


def add_version(
    *, actor: Actor, listing: str, files: Iterable[UploadedData], offer: Mapping[str, Any]
) -> ListingVersion:
    """Store the files, then add a version in preparation with them and its offer. Call it outside transactions.

    ``offer``: see ``listings.offers.parse_offer``. The files are on disk and hashed when this returns. Raises
    FieldInvalid, ListingEnded, Missing, Forbidden.
    """
    stored = store_version_files(actor=actor, listing=listing, files=files, offer=offer)
    return add_stored_version(actor=actor, listing=listing, files=stored, offer=offer)


def store_version_files(
    *, actor: Actor, listing: str, files: Iterable[UploadedData], offer: Mapping[str, Any]
) -> list[StoredUpload]:
    """Store and hash the files of a version that ``add_stored_version`` will add; outside transactions.

    Refuses before it stores what that would refuse by now, and raises the same. Files of a version that is not added
    are harmless.
    """
    actor.require(Permission.LISTINGS_WRITE)
    subject = visible_listings(actor).filter(public_id=listing).first()
    if subject is None:
        raise Missing(kind="listing", identifier=listing)
    _require_open(actor, subject)
    _usable_offer(offer, str(actor.organisation))
    return [
        StoredUpload(upload.file_name, upload.media_type, _store_upload(upload))
        for upload in _check_files(files)
    ]


def _usable_offer(offer: Mapping[str, Any], seller: str) -> OfferTerms:
    """The terms of an offer whose rights permit what they sell, as of now, and whose beneficiaries can be paid. Raises FieldInvalid."""
    terms = parse_offer(offer)
    require_feasible(
        terms.rights,
        funding_days=terms.funding_days,
        now=clock.now(),
        zone=clock.market_zone(),
        prefix="offer.rights",
    )
    require_chargeable(
        terms.charging,
        terms.price_minor,
        terms.rights,
        now=clock.now(),
        zone=clock.market_zone(),
        prefix="offer.charging",
    )
    require_payable(terms.charging.shares, parties=[seller], prefix="offer.charging.shares")
    require_paid_within_periods(
        terms.charging, terms.funding_days, now=clock.now(), zone=clock.market_zone(), prefix="offer"
    )
    return terms


def _require_open(actor: Actor, listing: Listing) -> None:
    """Check that the actor may add a version; raises Forbidden, ListingEnded."""
    require_seller(actor, listing)
    if listing.state == ListingState.WITHDRAWN:
        raise ListingEnded(listing=listing.public_id)


@transaction.atomic
def add_stored_version(
    *, actor: Actor, listing: str, files: Sequence[StoredUpload], offer: Mapping[str, Any]
) -> ListingVersion:
    """Add a version in preparation, with files that are stored already, and its offer; raises as ``add_version``."""
    actor.require(Permission.LISTINGS_WRITE)
    subject = locked_listing(actor, listing)
    _require_open(actor, subject)
    terms = _usable_offer(offer, str(actor.organisation))
    latest = subject.versions.aggregate(number=Max("number"))["number"] or 0
    version = ListingVersion.objects.create(listing=subject, number=latest + 1, created_at=clock.now())
    Distribution.objects.bulk_create(
        Distribution(
            version=version,
            file_name=upload.file_name,
            media_type=upload.media_type,
            size_bytes=upload.kept.size_bytes,
            sha256=upload.kept.sha256,
            sha512=upload.kept.sha512,
            storage_key=upload.kept.key,
        )
        for upload in files
    )
    made = _make_offer(version, terms, str(actor.organisation))
    record(
        kind="listings.version_added",
        subject=version.public_id,
        actor=actor,
        payload={
            "listing": listing,
            "number": version.number,
            "sha256": [upload.kept.sha256 for upload in files],
            "policy_sha256": made.policy_digest,
            "price_minor": made.price_minor,
            "currency": made.currency,
        },
    )
    return version


def _description_columns(
    *,
    title: Mapping[str, str],
    description: Mapping[str, str],
    keywords: Sequence[str],
    source: Mapping[str, str],
    update_interval_days: int | None,
    anonymisation: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The description columns of a listing; raises FieldInvalid."""
    if not set(source) <= {"name", "url", "licence"}:
        raise FieldInvalid(
            "source", Label("specify name, url and licence", "name・url・licence を記述してください")
        )
    if update_interval_days is not None and (
        not isinstance(update_interval_days, int) or not 1 <= update_interval_days <= DAYS_MAX
    ):
        raise FieldInvalid(
            "update_interval_days",
            Label(f"specify 1 to {DAYS_MAX:,} days", f"1～{DAYS_MAX:,}日にしてください"),
        )
    columns: dict[str, Any] = {}
    for name, texts in (("title", title), ("description", description)):
        for language in ("ja", "en"):
            text = str(texts.get(language, "")).strip()
            if not text or (name == "title" and len(text) > TITLE_CHARACTERS_MAX):
                raise FieldInvalid(f"{name}.{language}", REQUIRED)
            columns[f"{name}_{language}"] = text
    for name in ("name", "url", "licence"):
        columns[f"source_{name}"] = str(source.get(name, "")).strip()
        if len(columns[f"source_{name}"]) > SOURCE_CHARACTERS_MAX:
            raise FieldInvalid(
                f"source.{name}", Label("use fewer than 300 characters", "300文字以内にしてください")
            )
    columns["keywords"] = _check_keywords(keywords)
    columns["update_interval_days"] = update_interval_days
    columns["anonymisation"] = None if anonymisation is None else check_anonymisation(anonymisation)
    return columns


def _check_keywords(keywords: Sequence[str]) -> list[str]:
    listed = [keyword.strip() for keyword in keywords if isinstance(keyword, str) and keyword.strip()]
    if isinstance(keywords, str) or len(listed) != len(keywords) or len(listed) > KEYWORDS_MAX:
        raise FieldInvalid(
            "keywords",
            Label(f"specify at most {KEYWORDS_MAX} keywords", f"{KEYWORDS_MAX}語以内のリストにしてください"),
        )
    return list(dict.fromkeys(listed))


def _index(listing: Listing) -> None:
    """Write the search columns, which are derived from the description."""
    source = f"{listing.source_name} {listing.source_licence}"
    parts = [*listing.title.values(), *listing.keywords, *listing.description.values(), source]
    text = substring_text(parts)
    Listing.objects.filter(pk=listing.pk).update(
        search=document_vector(
            title=listing.title, description=listing.description, keywords=listing.keywords, source=source
        ),
        search_text=text,
        search_pairs=substring_pairs(text),
    )


def _check_files(files: Iterable[UploadedData]) -> list[UploadedData]:
    uploads = list(files)
    if not uploads:
        raise FieldInvalid("files", Label("add at least one file", "ファイルを1つ以上追加してください"))
    for upload in uploads:
        if not FILE_NAME.fullmatch(upload.file_name) or upload.file_name in (".", ".."):
            raise FieldInvalid(
                "files.file_name", Label("use a file name without a path", "パスを含まない名前にしてください")
            )
        if not MEDIA_TYPE.fullmatch(upload.media_type):
            raise FieldInvalid(
                "files.media_type", Label("specify an IANA media type", "IANAメディアタイプにしてください")
            )
    if len({upload.file_name for upload in uploads}) != len(uploads):
        raise FieldInvalid(
            "files.file_name", Label("use a different name for each file", "名前が重複しています")
        )
    return uploads


def _store_upload(upload: UploadedData) -> StoredFile:
    kept = store(upload.content)
    if kept.size_bytes == 0:
        raise FieldInvalid("files", Label(f"{upload.file_name} is empty", f"{upload.file_name} は空です"))
    return kept


def _make_offer(version: ListingVersion, terms: OfferTerms, seller: str) -> Offer:
    identifier = new_identifier("ofr")
    policy = policy_of(
        terms.rights,
        price_minor=terms.charging.total_minor(terms.price_minor),
        currency=terms.currency,
        identifier=f"urn:sanpo:{identifier}",
        parties=Parties(assigner=f"urn:sanpo:{seller}"),
    )
    columns = asdict(terms)
    columns["rights"], columns["charging"] = terms.rights.as_dict(), terms.charging.as_dict()
    columns["ending"] = dict(terms.ending)
    return Offer.objects.create(
        public_id=identifier, version=version, policy=policy, policy_digest=digest_of(policy), **columns
    )
