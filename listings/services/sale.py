"""Publish versions, and withdraw, suspend and resume listings."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from marketplace.cases.services import open_case
from marketplace.cases.states import CaseKindCode
from marketplace.events.schemas.listings import (
    ListingVersionPublished,
    ListingVersionRefused,
    ListingVersionSubmitted,
    ListingWithdrawn,
)
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.participants import queries as participants
from marketplace.participants.interest_queries import require_unrelated
from marketplace.rules import services as rules

from ..charging_terms import parse_charging, require_chargeable, require_paid_within_periods
from ..errors import ListingEnded, NeverForSale, NotOnSale, OnwardTransferProhibited, VersionPending
from ..models import Listing, ListingVersion
from ..offer_checks import PublishedOffer, require_checked
from ..onward import barred_by
from ..payability import require_payable
from ..queries import TERMS
from ..rights import parse_rights, require_feasible
from ..states import (
    LISTING,
    NEVER_FOR_SALE,
    OPEN_VERSIONS,
    PENDING_VERSIONS,
    VERSION,
    ListingState,
    VersionState,
)
from .locking import locked_listing, locked_version, require_seller, role_in

INTERVAL_UNSTATED = Label(
    "a clause about quality promises currentness: state update_interval_days of the listing",
    "品質条項は最新性を約束するものです。出品の update_interval_days を指定してください",
)
SELLER_SUSPENDED = Label("the seller is suspended.", "出品者は参加を停止されています。")
ADMISSION_ENDED = Label(
    "the seller is no longer admitted to this segment.", "この分野での出品者としての参加が終了しています。"
)
RIGHTS_ENDED = Label(
    "the rights of use that it would sell have ended, or would end before the price is paid in or before its last charge has run.",
    "販売しようとする利用権は、すでに終了しているか、代金の入金期限または最後の課金の期間より前に終了します。",
)
OFFER_REFUSED = Label(
    "the offer cannot be published: {field}: {why}.", "オファーを公開できません（{field}）：{why}。"
)
COMMANDS = {"allow": "publish", "warn": "publish", "hold": "hold", "deny": "refuse"}


@transaction.atomic
def submit_version(*, actor: Actor, listing_version: str) -> ListingVersion:
    """Submit a version for publication: its quality is measured next, then the rules decide.

    The seller must be admitted to the segment. Emits listing.version_submitted. Raises IllegalTransition,
    VersionPending, ListingEnded, OnwardTransferProhibited, NotAdmitted, OrganisationSuspended, FieldInvalid (the rights of use end too early), Missing,
    Forbidden.
    """
    actor.require(Permission.LISTINGS_WRITE)
    listing, version = locked_version(actor, listing_version)
    require_seller(actor, listing)
    if listing.state == ListingState.WITHDRAWN:
        raise ListingEnded(listing=listing.public_id)
    VERSION.target(state=version.state, command="submit", role="seller")
    participants.require_admitted(listing.seller_id, listing.segment_id, "seller")
    _require_publishable(version)
    if barring := _barred_by(listing, version):
        raise OnwardTransferProhibited(agreement=barring, listing_version=version.public_id)
    pending = listing.versions.filter(state__in=PENDING_VERSIONS).first()
    if pending is not None:
        raise VersionPending(listing=listing.public_id, listing_version=pending.public_id)
    advance(version, VERSION, command="submit", role="seller", submitted_at=clock.now())
    facts = _facts(listing, version)
    record(kind="listings.version_submitted", subject=listing_version, actor=actor, payload=facts)
    emit(ListingVersionSubmitted(**facts))
    return version


@transaction.atomic
def judge_version(*, listing_version: str, actor: Actor = SYSTEM) -> ListingVersion:
    """Have the rules decide on a submitted version, and carry out the decision: publish, hold or refuse.

    A version that is no longer waiting is skipped. Emits listing.version_published or
    listing.version_refused. Raises Missing.
    """
    listing, version = locked_version(actor, listing_version)
    if version.state != VersionState.SUBMITTED or listing.state == ListingState.WITHDRAWN:
        return version
    decision = rules.evaluate(point="publication", subject=listing_version, actor=actor)
    command = COMMANDS[decision.outcome]
    cause = _overriding(listing, version, command)
    _carry_out(
        listing,
        version,
        actor=actor,
        command="refuse" if cause else command,
        role="system",
        cause=cause,
        decision=decision.public_id,
        decision_reason=f"{cause.ja}\n{cause.en}" if cause else "",
    )
    return version


def _overriding(listing: Listing, version: ListingVersion, command: str) -> Label | None:
    """Why a version is refused whatever the rules decided; None where their decision is carried out."""
    if listing.personal_data_class in NEVER_FOR_SALE:
        # The law overrides the rulebook: no rule can allow the sale of this class of data.
        return NeverForSale.detail.fill({"listing": listing.public_id})
    if command != "publish":
        return None
    # What ended while the version waited.
    standing = participants.standings_in(listing.segment_id, [listing.seller_id])[listing.seller_id]
    if not standing.is_active:
        return SELLER_SUSPENDED
    if "seller" not in standing.capacities:
        return ADMISSION_ENDED
    if barring := _barred_by(listing, version):
        return OnwardTransferProhibited.detail.fill(
            {"agreement": barring, "listing_version": version.public_id}
        )
    # The rights of use ended, or will before the price is paid in: nobody could use what it would sell. Or a check refuses by now.
    return _hindrance(version)


@transaction.atomic
def decide_version(
    *, actor: Actor, listing_version: str, outcome: str, reason: str, first_person: str
) -> ListingVersion:
    """Decide, as the second person of the operator, on a version that is on hold: ``allow`` or ``deny``, with a reason.

    ``first_person`` gave the same command first, in the case of the version (``marketplace.cases``). Emits
    listing.version_published or listing.version_refused. Raises IllegalTransition, NeverForSale, NotAdmitted, Recused,
    FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_second_to(first_person)
    if outcome not in ("allow", "deny"):
        raise FieldInvalid("outcome", Label("specify allow or deny", "allow か deny を選んでください"))
    if not reason.strip():
        raise FieldInvalid("reason", Label("give the reason", "理由を入力してください"))
    listing, version = locked_version(actor, listing_version)
    require_unrelated(actor, listing.seller_id)
    if outcome == "allow" and listing.personal_data_class in NEVER_FOR_SALE:
        raise NeverForSale(listing=listing.public_id)
    if outcome == "allow":
        participants.require_admitted(listing.seller_id, listing.segment_id, "seller")
        _require_publishable(version)
    _carry_out(
        listing,
        version,
        actor=actor,
        command=COMMANDS[outcome],
        role=role_in(actor, listing),
        decision=version.decision,
        decision_reason=reason.strip(),
    )
    return version


def _require_publishable(version: ListingVersion) -> None:
    """Check that by now an agreement over the offer can be carried out, and what others ask of it; raises FieldInvalid."""
    _require_feasible(version)
    _require_checked(version)


def _barred_by(listing: Listing, version: ListingVersion) -> str | None:
    """The agreement under which the seller received a file of the version, or its source, and may not pass it on."""
    hashes = list(version.distributions.values_list("sha256", flat=True))
    source = " ".join((listing.source_name, listing.source_url, listing.source_licence))
    return barred_by(listing.seller_id, hashes, source)


def _require_feasible(version: ListingVersion) -> None:
    rights = parse_rights(version.offer.rights)
    require_feasible(
        rights,
        funding_days=version.offer.funding_days,
        now=clock.now(),
        zone=clock.market_zone(),
        prefix="offer.rights",
    )
    charging = parse_charging(version.offer.charging)
    require_chargeable(
        charging,
        version.offer.price_minor,
        rights,
        now=clock.now(),
        zone=clock.market_zone(),
        prefix="offer.charging",
    )
    if version.listing.update_interval_days is None and any(
        one["kind"] == "quality" for one in charging.adjustments
    ):
        raise FieldInvalid("offer.charging.adjustments", INTERVAL_UNSTATED)
    require_payable(
        charging.shares, parties=[version.listing.seller.public_id], prefix="offer.charging.shares"
    )
    require_paid_within_periods(
        charging, version.offer.funding_days, now=clock.now(), zone=clock.market_zone(), prefix="offer"
    )


def _require_checked(version: ListingVersion) -> None:
    offer = version.offer
    terms = {name: getattr(offer, name) for name in TERMS}
    require_checked(PublishedOffer(segment=version.listing.segment_id, template=offer.template, terms=terms))


def _hindrance(version: ListingVersion) -> Label | None:
    """Why the offer cannot be published by now; None if it can."""
    try:
        _require_feasible(version)
    except FieldInvalid:
        return RIGHTS_ENDED
    try:
        _require_checked(version)
    except FieldInvalid as refused:
        return OFFER_REFUSED.fill({"field": refused.name, "why": refused.fields["reason"]})
    return None


def _carry_out(
    listing: Listing,
    version: ListingVersion,
    *,
    actor: Actor,
    command: str,
    role: str,
    cause: Label | None = None,
    **changes: Any,
) -> None:
    """Change the state of the version and its listing, record evidence, and emit the event.

    ``cause``: what overrode the decision of the rules.
    """
    changes["decided_at"] = clock.now()
    if command == "publish":
        VERSION.target(state=version.state, command=command, role=role)
        changes["published_at"] = changes["decided_at"]
        for earlier in listing.versions.select_for_update().filter(state=VersionState.PUBLISHED):
            advance(earlier, VERSION, command="supersede", role="system")
    advance(version, VERSION, command=command, role=role, **changes)
    if command == "publish" and listing.state == ListingState.DRAFT:
        advance(listing, LISTING, command="publish", role="system")
    facts = _facts(listing, version)
    record(
        kind=f"listings.version_{version.state}",
        subject=version.public_id,
        actor=actor,
        payload={
            **facts,
            "decision": version.decision,
            "reason_commitment": commitment_to(version.salt, said)
            if (said := version.decision_reason)
            else "",
        },
    )
    if version.state == VersionState.ON_HOLD:
        open_case(
            kind=CaseKindCode.PUBLICATION.value,
            subject=version.public_id,
            thread=listing.public_id,
            organisation_id=listing.seller_id,
            decision=str(version.decision),
        )
    elif version.state == VersionState.PUBLISHED:
        emit(ListingVersionPublished(**facts, decision=str(version.decision)))
    elif version.state == VersionState.REFUSED:
        why = {"reason_en": cause.en, "reason_ja": cause.ja} if cause else {}
        emit(ListingVersionRefused(**facts, decision=str(version.decision), **why))


@transaction.atomic
def withdraw_listing(*, actor: Actor, listing: str, reason: str = "") -> Listing:
    """Withdraw a listing with its versions, permanently, as the seller or the operator; agreements in force continue.

    Emits listing.withdrawn. Raises IllegalTransition, Recused, Missing.
    """
    actor.require(Permission.LISTINGS_WRITE, Permission.ADMISSION_WRITE)
    subject = locked_listing(actor, listing)
    require_unrelated(actor, subject.seller_id)
    role = role_in(actor, subject)
    LISTING.target(state=subject.state, command="withdraw", role=role)
    open_versions = subject.versions.select_for_update().filter(state__in=OPEN_VERSIONS).order_by("pk")
    for version in open_versions:
        advance(version, VERSION, command="withdraw", role=role)
    why = reason.strip()
    advance(subject, LISTING, command="withdraw", role=role, withdrawal_reason=why)
    seller = _seller_of(subject)
    record(
        kind="listings.listing_withdrawn",
        subject=listing,
        actor=actor,
        payload={"seller": seller, "reason_commitment": commitment_to(subject.salt, why) if why else ""},
    )
    emit(ListingWithdrawn(listing=listing, seller=seller))
    return subject


@transaction.atomic
def suspend_listings(*, seller: str, actor: Actor = SYSTEM) -> int:
    """Remove all listings of a suspended seller from the catalogue; returns their number."""
    organisation = participants.get_organisation(seller)
    if organisation.is_active:
        return 0
    return _suspend(
        Listing.objects.filter(seller_id=organisation.id), seller, actor, cause="participant_suspended"
    )


@transaction.atomic
def suspend_listings_in(*, seller: str, segment: str, actor: Actor = SYSTEM) -> int:
    """Remove the listings of a seller whose admission to a segment (code) has ended from the catalogue; returns their number.

    Nothing happens if it is admitted again. The seller resumes them when it is.
    """
    organisation = participants.get_organisation(seller)
    if participants.is_admitted(organisation.id, segment, "seller"):
        return 0
    listed = Listing.objects.filter(seller_id=organisation.id, segment_id=segment)
    return _suspend(listed, seller, actor, cause="admission_ended")


def _suspend(listings: QuerySet[Listing], seller: str, actor: Actor, *, cause: str) -> int:
    # Lock listings in any state, to wait for one that is being published at this moment.
    listed = listings.select_for_update().order_by("pk")
    suspended = [listing for listing in listed if listing.state == ListingState.ON_SALE]
    for listing in suspended:
        advance(listing, LISTING, command="suspend", role="system")
        record(
            kind="listings.listing_suspended",
            subject=listing.public_id,
            actor=actor,
            payload={"seller": seller, "cause": cause},
        )
    return len(suspended)


@transaction.atomic
def resume_listing(*, actor: Actor, listing: str) -> Listing:
    """Resume the sale of a suspended listing after its seller is reinstated, or admitted again.

    Raises IllegalTransition, NotAdmitted, OrganisationSuspended, NotOnSale (no published version), Recused, Missing.
    """
    actor.require(Permission.LISTINGS_WRITE, Permission.ADMISSION_WRITE)
    subject = locked_listing(actor, listing)
    require_unrelated(actor, subject.seller_id)
    role = role_in(actor, subject)
    LISTING.target(state=subject.state, command="resume", role=role)
    participants.require_admitted(subject.seller_id, subject.segment_id, "seller")
    if not subject.versions.filter(state=VersionState.PUBLISHED).exists():
        raise NotOnSale(listing=listing)
    advance(subject, LISTING, command="resume", role=role)
    record(
        kind="listings.listing_resumed",
        subject=listing,
        actor=actor,
        payload={"seller": _seller_of(subject)},
    )
    return subject


def _seller_of(listing: Listing) -> str:
    return participants.organisations_by_id([listing.seller_id])[listing.seller_id].public_id


def _facts(listing: Listing, version: ListingVersion) -> dict[str, str]:
    return {
        "listing": listing.public_id,
        "listing_version": version.public_id,
        "seller": _seller_of(listing),
    }
