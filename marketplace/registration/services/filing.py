"""Add documents and owners to an application, and submit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.states import advance
from marketplace.participants.media import media_type_of
from marketplace.participants.states import OrganisationKind

from ..bounds import DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, OWNERS_MAX, OWNERSHIP_BP_MIN
from ..errors import ApplicationIncomplete, EmailUnproved, TooManyDocuments
from ..facts import facts_of
from ..models import BeneficialOwner, Registration, SupportingDocument
from ..rows import lock_own, record_move, require_draft
from ..states import REGISTRATION, DocumentKind, OwnerBasis, ScreeningCause
from .screening import request_screening

NOT_TAKEN = Label("use a PDF, JPEG or PNG file", "PDF・JPEG・PNGのファイルにしてください")
TOO_LARGE = Label(
    f"use a file of 1 byte to {DOCUMENT_BYTES_MAX >> 20} MiB",
    f"1バイト以上{DOCUMENT_BYTES_MAX >> 20}MiB以下にしてください",
)
SHARE_WRONG = Label(
    f"state the part of the ownership, {OWNERSHIP_BP_MIN} to 10000 basis points, for the basis ownership alone",
    f"basis が ownership の場合だけ、所有割合を{OWNERSHIP_BP_MIN}～10000ベーシスポイントで指定してください",
)
NOT_BORN = Label("use a day that is over", "過去の日付にしてください")
OWNERS_TOO_MANY = Label(f"state at most {OWNERS_MAX} owners", f"実質的支配者は{OWNERS_MAX}人までです")

EMAIL = Label("a proved e-mail address", "メールアドレスの確認")
IDENTITY = Label("a document of the representative's identity", "代表者の本人確認書類")
EXTRACT = Label("an extract from the company registry, or an LEI", "登記事項証明書またはLEI")
OWNERS = Label("the beneficial owners", "実質的支配者")
WITHOUT_OWNERS = (OrganisationKind.INDIVIDUAL, OrganisationKind.PUBLIC_BODY)
"""Kinds of organisation that nobody owns: a natural person itself, and bodies of the state."""


@transaction.atomic
def add_document(
    *, actor: Actor, registration: str, kind: str, content: bytes, name: str
) -> SupportingDocument:
    """Add a supporting document to the applicant's own application, whose mail address is proved.

    The same content again changes nothing. Raises TooManyDocuments, EmailUnproved, FieldInvalid, IllegalTransition, Missing.
    """
    row = lock_own(actor, registration)
    require_draft(row, "add_document")
    if row.email_proved_at is None:
        raise EmailUnproved()
    if not 0 < len(content) <= DOCUMENT_BYTES_MAX:
        raise FieldInvalid("file", TOO_LARGE)
    media_type = media_type_of(content)
    if media_type is None:
        raise FieldInvalid("file", NOT_TAKEN)
    digest = sha256_hex(content)
    known = row.documents.filter(sha256=digest).first()
    if known is not None:
        return known
    if row.documents.count() >= DOCUMENTS_MAX:
        raise TooManyDocuments(count=DOCUMENTS_MAX)
    document = SupportingDocument.objects.create(
        registration=row,
        kind=kind,
        name=name[-100:],
        media_type=media_type,
        content=content,
        size_bytes=len(content),
        sha256=digest,
        added_at=clock.now(),
    )
    record(
        kind="registration.document_added",
        subject=row.public_id,
        actor=actor,
        payload={"document": document.public_id, "kind": kind, "sha256": digest},
    )
    return document


@transaction.atomic
def state_owners(*, actor: Actor, registration: str, owners: Sequence[Mapping[str, Any]]) -> Registration:
    """State all beneficial owners of the applicant's own application; those stated before are replaced.

    Each has ``name``, ``country``, ``born_on``, ``basis`` and, for ownership, ``share_bp``. Raises FieldInvalid,
    IllegalTransition, Missing.
    """
    row = lock_own(actor, registration)
    require_draft(row, "state_owners")
    if len(owners) > OWNERS_MAX:
        raise FieldInvalid("owners", OWNERS_TOO_MANY)
    for number, owner in enumerate(owners):
        _check_owner(f"owners.{number}", owner, today=clock.today())
    row.owners.all().delete()
    BeneficialOwner.objects.bulk_create([BeneficialOwner(registration=row, **owner) for owner in owners])
    record(
        kind="registration.owners_stated",
        subject=row.public_id,
        actor=actor,
        payload={"owners": len(owners)},
    )
    return row


def _check_owner(path: str, owner: Mapping[str, Any], *, today: date) -> None:
    """Check one owner; raises FieldInvalid with the ``path`` of the field."""
    share = owner.get("share_bp")
    is_owned = owner["basis"] == OwnerBasis.OWNERSHIP
    if is_owned != (share is not None) or (share is not None and not OWNERSHIP_BP_MIN <= share <= 10_000):
        raise FieldInvalid(f"{path}.share_bp", SHARE_WRONG)
    if owner["born_on"] >= today:
        raise FieldInvalid(f"{path}.born_on", NOT_BORN)


@transaction.atomic
def submit(*, actor: Actor, registration: str) -> Registration:
    """Submit the applicant's own application: nothing of it changes afterwards, and a job screens it.

    Raises ApplicationIncomplete, IllegalTransition, Missing.
    """
    row = lock_own(actor, registration)
    require_draft(row, "submit")
    if missing := _missing_from(row):
        raise ApplicationIncomplete(missing=missing)
    advance(row, REGISTRATION, command="submit", role="applicant", submitted_at=clock.now())
    documents = sorted(row.documents.values_list("sha256", flat=True))
    record_move(
        row,
        actor,
        facts_commitment=commitment_to(row.salt, facts_of(row).digest),
        documents=documents,
        owners=row.owners.count(),
    )
    request_screening(registration=row, cause=ScreeningCause.SUBMISSION)
    return row


def _missing_from(row: Registration) -> dict[str, Label]:
    """What the application lacks before it can be submitted, as code and words."""
    kinds = set(row.documents.values_list("kind", flat=True))
    missing = {}
    if row.email_proved_at is None:
        missing["email_proof"] = EMAIL
    if DocumentKind.IDENTITY not in kinds:
        missing["identity"] = IDENTITY
    is_on_no_list = (
        row.corporate_number is None and row.kind != OrganisationKind.INDIVIDUAL and row.lei is None
    )
    if is_on_no_list and DocumentKind.REGISTRY_EXTRACT not in kinds:
        missing["registry_extract"] = EXTRACT
    if row.kind not in WITHOUT_OWNERS and not row.owners.exists():
        missing["owners"] = OWNERS
    return missing
