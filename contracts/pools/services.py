"""Open pools, propose and sign their versions, and leave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from listings.queries import visible_listings
from marketplace.evidence.services import record
from marketplace.evidence.signatures import sign
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.notices import services as notices
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import fill_label
from marketplace.participants.queries import admissions_of, get_organisations

from . import content as contents
from . import texts
from .content import Member
from .errors import NotAMember, NotToSign, PoolStands, SignedForAnother, VersionProposed
from .leaving_out import find_left_out, tell_left_out
from .locks import POOL_LOCK
from .models import Pool, PoolShare, PoolSignature, PoolVersion
from .queries import members_of, signers_of, standing_version, visible_versions
from .states import AHEAD_DAYS_MAX, VERSION, Cause, VersionState

BATCH: Final = 200
LAPSE = Loop("contracts.lapse_pool_versions")


@transaction.atomic
def open_pool(
    *,
    actor: Actor,
    listing: str,
    effective_on: date,
    members: Sequence[Mapping[str, Any]],
    lead_decides: bool = False,
) -> PoolVersion:
    """Open a pool behind a listing of the actor's organisation, its lead, and propose its first version, which each member signs.

    ``members``: ``organisation``, ``share`` (a fraction such as ``1/3``; they sum to 1) and ``contributions``. ``lead_decides``: later
    versions need the lead and who joins alone. Raises Missing, PoolStands, NotAMember, MembersCannotSign, FieldInvalid, PermissionNeeded, ProofNeeded, Forbidden.
    """
    _require_signatory(actor)
    POOL_LOCK.acquire_for(listing)
    if not visible_listings(actor).filter(public_id=listing, seller_id=actor.require_organisation()).exists():
        raise Missing(kind="listing", identifier=listing)
    standing = Pool.objects.filter(listing=listing).first()
    if standing is not None:
        raise PoolStands(pool=standing.public_id)
    pool = Pool.objects.create(
        listing=listing,
        lead_id=actor.require_organisation(),
        lead_identifier=str(actor.organisation),
        opened_by=actor.identifier,
        opened_at=clock.now(),
    )
    record(kind="contracts.pool_opened", subject=pool.public_id, actor=actor, payload={"listing": listing})
    return _propose(
        actor, pool, Cause.TERMS, effective_on, contents.parse_members(members), lead_decides=lead_decides
    )


@transaction.atomic
def propose_version(
    *,
    actor: Actor,
    pool: str,
    effective_on: date,
    members: Sequence[Mapping[str, Any]],
    lead_decides: bool = False,
) -> PoolVersion:
    """Propose, as the lead, another version of a pool: members that join, other shares or contributions. Raises as ``open_pool``, and VersionProposed."""
    _require_signatory(actor)
    subject = _locked(actor, pool)
    if actor.organisation_id != subject.lead_id:
        raise Forbidden(needed=Label("the lead of the pool", "プールの代表者"))
    proposed = PoolVersion.objects.filter(pool=subject, state=VersionState.PROPOSED).first()
    if proposed is not None:
        raise VersionProposed(version=proposed.public_id)
    return _propose(
        actor, subject, Cause.TERMS, effective_on, contents.parse_members(members), lead_decides=lead_decides
    )


@transaction.atomic
def sign_version(*, actor: Actor, version: str, signed_hash: str) -> PoolVersion:
    """Sign a version for the actor's organisation: ``signed_hash`` is the hash of the content that was read.

    With the last signature it is signed, and in force from its day. Signing again changes nothing. Raises Missing, NotToSign,
    SignedForAnother, FieldInvalid, IllegalTransition, PermissionNeeded, ProofNeeded, Forbidden.
    """
    _require_signatory(actor)
    subject = _locked_version(actor, version)
    VERSION.target(state=subject.state, command="sign", role="system")
    if signed_hash != subject.content_hash:
        raise FieldInvalid(
            "signed_hash", Label("read the version again: its hash is another", "版を読み直してください。ハッシュ値が異なります")
        )  # fmt: skip
    if actor.organisation_id not in signers_of(subject):
        raise NotToSign(version=version)
    if not subject.signatures.filter(organisation_id=actor.organisation_id).exists():
        if subject.signatures.filter(signer=actor.identifier).exists():
            raise SignedForAnother(version=version)
        _require_day(subject.effective_on, None)
        _sign(actor, subject)
    return subject


@transaction.atomic
def leave_pool(*, actor: Actor, pool: str, effective_on: date) -> PoolVersion:
    """Leave a pool, as a member, from a day on: its signature alone makes the next version, in which the others have its share in proportion.

    A version that waits for signatures lapses, because it named the member that leaves. Raises Missing, NotAMember, FieldInvalid,
    PermissionNeeded, ProofNeeded, Forbidden.
    """
    _require_signatory(actor)
    subject = _locked(actor, pool)
    standing = standing_version(subject)
    own = str(actor.organisation)
    members = members_of(standing) if standing else []
    if (
        standing is None
        or actor.organisation_id == subject.lead_id
        or own not in {one.organisation for one in members}
    ):
        raise NotAMember(organisation=own)
    for proposed in PoolVersion.objects.filter(pool=subject, state=VersionState.PROPOSED):
        _close(proposed, SYSTEM, "lapse", "system")
    version = _propose(
        actor,
        subject,
        Cause.WITHDRAWAL,
        effective_on,
        contents.without(members, own),
        lead_decides=standing.lead_decides,
    )
    _sign(actor, version)
    return version


@transaction.atomic
def withdraw_version(*, actor: Actor, version: str) -> PoolVersion:
    """Withdraw, as the lead, a version that waits for signatures. Raises Missing, IllegalTransition, PermissionNeeded, Forbidden."""
    actor.require(Permission.CONTRACTS_SIGN)
    subject = _locked_version(actor, version)
    if actor.organisation_id != subject.pool.lead_id:
        raise Forbidden(needed=Label("the lead of the pool", "プールの代表者"))
    _close(subject, actor, "withdraw", "seller")
    return subject


def lapse_versions() -> int:
    """Close versions that not everybody signed before their day; returns how many."""
    due = PoolVersion.objects.filter(state=VersionState.PROPOSED, effective_on__lte=clock.today()).exclude(
        public_id__in=LAPSE.standing_aside()
    )
    return LAPSE.each(due.order_by("effective_on", "pk").values_list("public_id", flat=True)[:BATCH], _lapse)


@transaction.atomic
def _lapse(public_id: str) -> bool:
    version = PoolVersion.objects.select_related("pool").get(public_id=public_id)
    POOL_LOCK.acquire_for(version.pool.listing)
    version.refresh_from_db(fields=["state"])
    if version.state != VersionState.PROPOSED:
        return False
    _close(version, SYSTEM, "lapse", "system")
    return True


def _propose(
    actor: Actor,
    pool: Pool,
    cause: Cause,
    effective_on: date,
    members: Sequence[Member],
    *,
    lead_decides: bool,
) -> PoolVersion:
    """Write a version with its shares, and ask everybody who must to sign it."""
    if pool.lead_identifier not in {member.organisation for member in members}:
        raise FieldInvalid(
            "members", Label("name the lead with its share", "代表者とその配分を含めてください")
        )
    standing = standing_version(pool)
    _require_day(effective_on, standing)
    stays = {member.organisation for member in members_of(standing)} if standing else {pool.lead_identifier}
    views = {view.public_id: view for view in get_organisations([member.organisation for member in members])}
    for view in views.values():
        may_join = view.public_id in stays or (view.is_active and admissions_of(view.public_id))
        # Who became an affiliate keeps no other member from leaving.
        is_barred = (view.is_operator or view.affiliate) and cause is Cause.TERMS
        if is_barred or not may_join:
            raise NotAMember(organisation=view.public_id)
    left_out: dict[str, Mapping[str, str]] = {}
    if cause is Cause.TERMS:
        left_out = find_left_out(standing, {view.id: view.public_id for view in views.values()})
    number = PoolVersion.objects.filter(pool=pool).count() + 1
    said = contents.compose(
        market=settings.MARKET_IDENTIFIER,
        pool=pool.public_id,
        listing=pool.listing,
        number=number,
        cause=cause.value,
        effective_on=effective_on,
        lead=pool.lead_identifier,
        lead_decides=lead_decides,
        members=members,
        names={**{key: view.name for key, view in views.items()}, **left_out},
        left_out=sorted(left_out),
    )
    denominator = contents.common_denominator(members)
    version = PoolVersion.objects.create(
        pool=pool,
        number=number,
        cause=cause.value,
        effective_on=effective_on,
        lead_decides=lead_decides,
        denominator=denominator,
        content=said,
        content_hash=contents.hash_of(said),
        proposed_by=actor.identifier,
        proposed_at=clock.now(),
    )
    PoolShare.objects.bulk_create(
        PoolShare(
            version=version,
            organisation_id=views[member.organisation].id,
            organisation_identifier=member.organisation,
            numerator=member.share.numerator * (denominator // member.share.denominator),
        )
        for member in members
    )
    _record(version, actor, "proposed", cause=cause.value, effective_on=effective_on.isoformat())
    _ask_to_sign(version)
    tell_left_out(version, left_out)
    return version


def _ask_to_sign(version: PoolVersion) -> None:
    """Open the task of everybody who must sign a version, until its day."""
    day = version.effective_on
    for signer in sorted(signers_of(version)):
        notices.open_task(
            organisation_id=signer,
            kind=TaskKind.SIGN,
            subject=version.public_id,
            thread=_thread(version, signer),
            title=fill_label(texts.SIGN_VERSION, pool=version.pool.public_id, day=day.isoformat()),
            deadline=datetime.combine(day, time.min, clock.market_zone()).astimezone(UTC),
        )


def _sign(actor: Actor, version: PoolVersion) -> None:
    """Write the signature of the actor's organisation; with the last one the version is signed."""
    now = clock.now()
    said = contents.claims(
        content_hash=version.content_hash,
        pool=version.pool.public_id,
        organisation=str(actor.organisation),
        signer=actor.identifier,
        signed_at=now.isoformat(),
    )
    signature = PoolSignature.objects.create(
        version=version,
        organisation_id=actor.require_organisation(),
        organisation_identifier=str(actor.organisation),
        signer=actor.identifier,
        signed_hash=version.content_hash,
        jws=sign(said),
        signed_at=now,
    )
    record(
        kind="contracts.pool_signature_made",
        subject=signature.public_id,
        actor=actor,
        payload={
            "version": version.public_id,
            "organisation": signature.organisation_identifier,
            "signed_hash": signature.signed_hash,
            "jws_sha256": sha256_hex(signature.jws.encode()),
        },
    )
    notices.close_tasks(thread=_thread(version, signature.organisation_id), done_by=signature.organisation_id)
    signed = set(version.signatures.values_list("organisation_id", flat=True))
    if signers_of(version) <= signed:
        _close(version, actor, "sign", "system")


def _thread(version: PoolVersion, signer: int) -> str:
    """The thread of the task of one signer, which closes when it has signed."""
    return f"{version.public_id}:{signer}"


def _close(version: PoolVersion, actor: Actor, command: str, role: str) -> None:
    """Move a version to its last state, close its tasks and tell its members."""
    advance(version, VERSION, command=command, role=role, closed_at=clock.now())
    _record(version, actor, str(version.state))
    for signer in signers_of(version):
        notices.close_tasks(thread=_thread(version, signer))
    wording = texts.CLOSED[VersionState(version.state)].fill(
        pool=version.pool.public_id, version=version.public_id, day=version.effective_on.isoformat()
    )
    before = version.pool.versions.filter(state=VersionState.SIGNED, number__lt=version.number).order_by(
        "-number"
    )
    # Who was a member and is none any more reads it too.
    concerned = PoolShare.objects.filter(version__in=[version.pk, *before.values_list("pk", flat=True)[:1]])
    told = set(concerned.values_list("organisation_id", flat=True)) | {version.pool.lead_id}
    notices.send_notices(subject=version.public_id, wordings=dict.fromkeys(sorted(told), wording))


def _record(version: PoolVersion, actor: Actor, what: str, **stated: str) -> None:
    record(
        kind=f"contracts.pool_version_{what}",
        subject=version.public_id,
        actor=actor,
        payload={"pool": version.pool.public_id, "content_hash": version.content_hash, **stated},
    )


def _require_signatory(actor: Actor) -> None:
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()


def _require_day(effective_on: date, standing: PoolVersion | None) -> None:
    """Raise FieldInvalid unless a version may begin on a day: after today, and after the one that stands."""
    earliest = clock.today() + timedelta(days=1)
    if standing is not None:
        earliest = max(earliest, standing.effective_on + timedelta(days=1))
    if effective_on < earliest:
        raise FieldInvalid(
            "effective_on",
            Label(f"specify {earliest} or a later day", f"{earliest} 以降の日を指定してください"),
        )
    latest = clock.today() + timedelta(days=AHEAD_DAYS_MAX)
    if effective_on > latest:
        raise FieldInvalid(
            "effective_on",
            Label(f"specify {latest} or an earlier day", f"{latest} 以前の日を指定してください"),
        )


def _locked(actor: Actor, public_id: str) -> Pool:
    """The pool, with its versions locked; raises Missing, also where the actor's organisation is no party of it."""
    pool = Pool.objects.filter(public_id=public_id).first()
    if pool is None or not visible_versions(actor).filter(pool=pool).exists():
        raise Missing(kind="pool", identifier=public_id)
    POOL_LOCK.acquire_for(pool.listing)
    return pool


def _locked_version(actor: Actor, public_id: str) -> PoolVersion:
    version = visible_versions(actor).filter(public_id=public_id).first()
    if version is None:
        raise Missing(kind="pool version", identifier=public_id)
    POOL_LOCK.acquire_for(version.pool.listing)
    version.refresh_from_db(fields=["state", "closed_at"])
    return version
