"""Mandates: a signatory states what a program may sign, and every signature of a program stays within it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Func, Sum
from django.db.models.fields import BigIntegerField

from marketplace.events.schemas.keys import MandateChanged
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.evidence.signatures import sign as sign_for_market
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.participants import key_queries
from marketplace.participants import queries as participants
from marketplace.participants.key_queries import SigningKey
from marketplace.participants.services import lock_limits

from ..errors import MandateEnded, MandateNeeded, OutsideMandate
from ..mandates import signed_object as mandate_object
from ..mandates.models import LISTED_MAX, MANDATE_VALID, TOTAL_DAYS_MAX, Mandate
from ..models import Negotiation, Signature, Template
from ..signed_object import Subject
from ..states import MandateLimit, Party, label_of
from .authority import require_authority_to_mandate
from .moves import require_active

CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
LIVE_MAX = 20
"""Mandates of one program that have not ended."""


@record_refusals()
def sign_mandate(
    *,
    actor: Actor,
    program: str,
    key: str,
    templates: Sequence[str],
    counterparties: Sequence[str] = (),
    currency: str,
    price_max_minor: int,
    total_max_minor: int,
    total_days: int,
    valid_days: int,
) -> Mandate:
    """Let a program of the actor's organisation sign contracts with the organisation's own key, within limits.

    The actor, a signatory, signs it by the market's signature (立会人型). Without ``counterparties`` it is for any.
    ``total_max_minor`` bounds what is signed within any ``total_days`` days. What is above the actor's limits of authority, a
    colleague signs whose limits suffice. Emits mandate.changed. Raises ColleagueNeeded, NobodyDecides, FieldInvalid,
    Missing (program, key, contract template, organisation), OrganisationSuspended, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    organisation_id = actor.require_organisation()
    require_active(str(actor.organisation))
    _check_limits(currency, price_max_minor, total_max_minor, total_days, valid_days)
    limits = lock_limits(organisation_id)
    signing_key = key_queries.live_key_of(key, organisation_id)
    signing_program = key_queries.lock_program(program, organisation_id, Permission.CONTRACTS_SUBMIT)
    _require_room(signing_program)
    signed_at = clock.now()
    row = Mandate(
        public_id=new_identifier("mdt"),
        organisation_id=organisation_id,
        organisation_identifier=str(actor.organisation),
        program_id=signing_program,
        program_identifier=program,
        key_id=signing_key.id,
        templates=_known_templates(templates),
        counterparties=_known_counterparties(counterparties),
        currency=currency,
        price_max_minor=price_max_minor,
        total_max_minor=total_max_minor,
        total_days=total_days,
        signed_by=actor.identifier,
        signed_at=signed_at,
        expires_at=signed_at + timedelta(days=valid_days),
    )
    require_authority_to_mandate(actor, limits, row, valid_days)
    claims = mandate_object.claims_of(row, signing_key.kid)
    row.signed_hash, row.jws = digest_of(claims), sign_for_market(claims)
    row.save(force_insert=True)
    _record(row, actor, "signed", signed_hash=row.signed_hash)
    return row


@transaction.atomic
def revoke_mandate(*, actor: Actor, mandate: str) -> Mandate:
    """End a mandate of the actor's organisation at once; what was signed within it stays valid.

    Any owner or signatory may. Emits mandate.changed. Raises MandateEnded, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.KEYS_WRITE)
    actor.require_person()
    rows = Mandate.objects.select_for_update(of=("self",)).select_related("key")
    row = rows.filter(public_id=mandate, organisation_id=actor.require_organisation()).first()
    if row is None:
        raise Missing(kind="mandate", identifier=mandate)
    if row.revoked_at is not None:
        raise MandateEnded(mandate=mandate)
    _revoke(row, actor)
    return row


@transaction.atomic
def end_without_signer(*, organisation: str, person: str) -> int:
    """Revoke the mandates of a person who is no signatory of the organisation any more; returns their number."""
    rows = list(
        Mandate.objects.select_for_update()
        .filter(organisation_identifier=organisation, signed_by=person, revoked_at=None)
        .order_by("pk")
    )
    if not rows or key_queries.is_signatory(rows[0].organisation_id, person):
        return 0
    for row in rows:
        _revoke(row, SYSTEM)
    return len(rows)


def mandate_for(actor: Actor, negotiation: Negotiation, subject: Subject, key: SigningKey) -> Mandate:
    """The newest mandate within which the program signs this, locked until the transaction ends.

    Raises MandateNeeded, and OutsideMandate with the limit that the newest one sets.
    """
    live = Mandate.objects.select_for_update(no_key=True, of=("self",)).filter(
        program_identifier=actor.identifier,
        organisation_id=actor.require_organisation(),
        key_id=key.id,
        revoked_at=None,
        expires_at__gt=clock.now(),
    )
    refusal = None
    for row in sorted(live.order_by("pk"), key=lambda row: -row.pk):
        limit = _exceeded(row, negotiation, subject)
        if limit is None:
            return row
        refusal = refusal or OutsideMandate(
            mandate=row.public_id, limit=limit.value, reason=label_of(MandateLimit, limit)
        )
    raise refusal or MandateNeeded(program=actor.identifier)


def _exceeded(mandate: Mandate, negotiation: Negotiation, subject: Subject) -> MandateLimit | None:
    """The first limit of a mandate that a signature would exceed; None if it is within all."""
    other = negotiation.buyer_identifier if subject.party is Party.SELLER else negotiation.seller_identifier
    template = Template.objects.only("code").get(pk=negotiation.template_id)
    if not key_queries.is_signatory(mandate.organisation_id, mandate.signed_by):
        return MandateLimit.SIGNER
    if template.code not in mandate.templates:
        return MandateLimit.TEMPLATE
    if mandate.counterparties and other not in mandate.counterparties:
        return MandateLimit.COUNTERPARTY
    if subject.currency != mandate.currency:
        return MandateLimit.CURRENCY
    if subject.price_minor > mandate.price_max_minor:
        return MandateLimit.PRICE
    if _signed_minor(mandate) + subject.price_minor > mandate.total_max_minor:
        return MandateLimit.TOTAL
    return None


def _signed_minor(mandate: Mandate) -> int:
    """What all charges come to that were signed within a mandate in its last ``total_days`` days."""
    since = clock.now() - timedelta(days=mandate.total_days)
    found = Signature.objects.filter(mandate=mandate, signed_at__gt=since).aggregate(
        total=Sum(
            Func(
                "instrument__proposal__terms",
                function="public.total_of_terms",
                output_field=BigIntegerField(),
            )
        )
    )
    return int(found["total"] or 0)


def _check_limits(
    currency: str, price_max_minor: int, total_max_minor: int, total_days: int, valid_days: int
) -> None:
    """Raise FieldInvalid for limits that a mandate cannot have."""
    if not CURRENCY.fullmatch(currency):
        raise FieldInvalid(
            "currency",
            Label(
                "specify a code of ISO 4217, such as JPY", "ISO 4217の通貨コード（JPYなど）を指定してください"
            ),
        )
    require_amount("price_max_minor", price_max_minor)
    require_amount("total_max_minor", total_max_minor)
    if total_max_minor < price_max_minor:
        raise FieldInvalid(
            "total_max_minor",
            Label("specify at least price_max_minor", "price_max_minor 以上の金額を指定してください"),
        )
    for field, number, most in (
        ("total_days", total_days, TOTAL_DAYS_MAX),
        ("valid_days", valid_days, MANDATE_VALID.days),
    ):
        if not 1 <= number <= most:
            raise FieldInvalid(
                field, Label(f"specify 1 to {most}", f"1 から {most} の範囲で指定してください")
            )


def _require_room(program: int) -> None:
    live = Mandate.objects.filter(program_id=program, revoked_at=None, expires_at__gt=clock.now()).count()
    if live >= LIVE_MAX:
        raise FieldInvalid(
            "program",
            Label(
                f"it has {live} mandates; revoke one first",
                f"有効な委任が {live} 件あります。先に取り消してください",
            ),
        )


def _known_templates(codes: Sequence[str]) -> list[str]:
    """The codes, sorted and each once; raises FieldInvalid, Missing."""
    stated = sorted(set(codes))
    if not 0 < len(stated) <= LISTED_MAX:
        raise FieldInvalid(
            "templates",
            Label(
                f"name 1 to {LISTED_MAX} contract templates", f"契約ひな形を1〜{LISTED_MAX}件指定してください"
            ),
        )
    known = set(Template.objects.filter(code__in=stated).values_list("code", flat=True))
    for code in stated:
        if code not in known:
            raise Missing(kind="contract template", identifier=code)
    return stated


def _known_counterparties(identifiers: Sequence[str]) -> list[str]:
    """The public identifiers, sorted and each once; raises FieldInvalid, Missing."""
    stated = sorted(set(identifiers))
    if len(stated) > LISTED_MAX:
        raise FieldInvalid(
            "counterparties", Label(f"name at most {LISTED_MAX}", f"{LISTED_MAX}件までにしてください")
        )
    participants.get_organisations(stated)
    return stated


def _revoke(row: Mandate, actor: Actor) -> None:
    row.revoked_at, row.revoked_by = clock.now(), actor.identifier
    row.save(update_fields=["revoked_at", "revoked_by"])
    _record(row, actor, "revoked")


def _record(row: Mandate, actor: Actor, change: str, **payload: Any) -> None:
    """Record what became of a mandate, and tell it."""
    record(
        kind=f"contracts.mandate_{change}",
        subject=row.public_id,
        actor=actor,
        payload={"organisation": row.organisation_identifier, "program": row.program_identifier, **payload},
    )
    emit(
        MandateChanged(
            organisation=row.organisation_identifier,
            mandate=row.public_id,
            program=row.program_identifier,
            change=change,
            by=actor.identifier,
        )
    )
