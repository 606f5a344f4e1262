"""Draft a version of the rulebook, preview what it does, and publish it as two people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.jobs.services import enqueue
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance

from ..errors import RulebookRefused, RulebookSuperseded
from ..examples import check_rulebook
from ..points import vocabulary
from ..queries import newest_rulebook, parameter
from ..services.rulebooks import moment_of_effect, publish_rulebook
from ..states import Lane
from .errors import DraftChanged, DraftEnded, DraftNotPreviewed, ReportTooOld, WarningsNotAcknowledged
from .jobs import PREVIEW
from .models import RulebookDraft
from .queries import visible_drafts
from .states import DRAFT, REPORT_DAYS_MAX, DraftState

PUBLISH = "rules.publish_rulebook"


@transaction.atomic
def save_draft(
    *,
    actor: Actor,
    document: Mapping[str, Any],
    effective_from: datetime | None = None,
    lane: str = Lane.ORDINARY,
) -> RulebookDraft:
    """Save a new draft on the newest version of the rulebook, which it replaces. It is validated, and its examples are tried.

    Raises RulebookRefused with every error, EffectiveInThePast, NoticeTooShort, NotUrgent, PermissionNeeded, Forbidden.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    actor.require_person()
    _check(document, effective_from, lane)
    now = clock.now()
    draft = RulebookDraft.objects.create(
        document=document,
        digest=digest_of(document),
        lane=lane,
        effective_from=effective_from,
        replaces=newest_rulebook(),
        drafted_by=actor.identifier,
        drafted_at=now,
        changed_by=actor.identifier,
        changed_at=now,
    )
    _record("rules.draft_saved", draft, actor)
    return draft


@transaction.atomic
def revise_draft(*, actor: Actor, draft: str, version: int, **changes: Any) -> RulebookDraft:
    """Change ``document``, ``effective_from`` or ``lane`` of a draft that is still what the caller read as ``version``.

    It is drafted on the newest rulebook from now, and needs a new preview. Raises DraftChanged, DraftEnded, Missing, and as
    ``save_draft``.
    """
    row = _open_draft(actor, draft)
    if version != row.version:
        raise DraftChanged(draft=draft, current=row.version)
    for name, value in changes.items():
        setattr(row, name, value)
    _check(row.document, row.effective_from, row.lane)
    row.digest, row.replaces = digest_of(row.document), newest_rulebook()
    row.version += 1
    row.changed_by, row.changed_at = actor.identifier, clock.now()
    row.report, row.report_digest, row.reported_at = None, "", None
    row.save()
    _record("rules.draft_revised", row, actor)
    return row


@transaction.atomic
def preview_draft(*, actor: Actor, draft: str) -> RulebookDraft:
    """Ask for the impact report of a draft; a job makes it, with progress (jobs of the kind ``rules.preview_draft``).

    Raises DraftEnded, Missing, PermissionNeeded.
    """
    row = _open_draft(actor, draft)
    row.previews += 1
    row.save(update_fields=["previews"])
    enqueue(
        kind=PREVIEW,
        subject=f"{row.public_id}/{row.previews}",
        arguments={"draft": row.public_id, "version": row.version},
    )
    return row


@record_refusals()
def publish_draft(
    *, actor: Actor, draft: str, digest: str, acknowledged: Collection[str] = ()
) -> RulebookDraft:
    """Publish a draft when two people have given the command for the same text.

    ``digest`` is that of the text which the caller read, ``acknowledged`` the identifiers of every warning of its impact
    report. Raises SecondPersonNeeded, DraftChanged, DraftEnded, DraftNotPreviewed, ReportTooOld, WarningsNotAcknowledged, Missing, and
    as ``publish_rulebook``.
    """
    row = _open_draft(actor, draft)
    if digest != row.digest:
        raise DraftChanged(draft=draft, current=row.digest)
    _require_read(row, acknowledged)
    _check(row.document, row.effective_from, row.lane)
    _require_newest(row)
    replaced = row.replaces.public_id if row.replaces else None
    warnings = row.report["warnings"]
    approval = require_two_people(
        actor=actor,
        permission=Permission.RULEBOOK_WRITE,
        organisation=actor.organisation or "",
        command=PUBLISH,
        subject=row.public_id,
        payload={
            "document_sha256": row.digest,
            "version": row.version,
            "replaces": replaced,
            "lane": row.lane,
            "effective_from": row.effective_from.isoformat() if row.effective_from else None,
            "warnings_sha256": digest_of(warnings),
        },
        expires_in=timedelta(hours=parameter("second_person_hours")),
    )
    rulebook = publish_rulebook(
        actor=actor,
        document=row.document,
        effective_from=row.effective_from,
        first_person=approval.first_person,
        replaces=replaced,
        lane=row.lane,
        warnings=warnings,
    )
    _end(row, actor, "publish", rulebook=rulebook)
    _record("rules.draft_published", row, actor)
    return row


@transaction.atomic
def withdraw_draft(*, actor: Actor, draft: str) -> RulebookDraft:
    """Give a draft up; one person may. Raises DraftEnded, Missing, PermissionNeeded."""
    row = _open_draft(actor, draft)
    _end(row, actor, "withdraw")
    _record("rules.draft_withdrawn", row, actor)
    return row


def _open_draft(actor: Actor, draft: str) -> RulebookDraft:
    """The draft, locked. Raises Missing, DraftEnded, PermissionNeeded, Forbidden."""
    actor.require(Permission.RULEBOOK_WRITE)
    actor.require_person()
    row = visible_drafts(actor).select_for_update(of=("self",), no_key=True).filter(public_id=draft).first()
    if row is None:
        raise Missing(kind="rulebook draft", identifier=draft)
    if row.state != DraftState.OPEN:
        raise DraftEnded(draft=draft, state=DraftState(row.state).label)
    return row


def _check(document: Mapping[str, Any], effective_from: datetime | None, lane: str) -> None:
    """Whether a draft could be published now. Raises RulebookRefused, EffectiveInThePast, NoticeTooShort, NotUrgent."""
    faults, _ = check_rulebook(document, vocabulary())
    if faults:
        raise RulebookRefused(faults)
    moment_of_effect(document, effective_from, lane=lane, now=clock.now())


def _require_read(row: RulebookDraft, acknowledged: Collection[str]) -> None:
    """Raises DraftNotPreviewed, ReportTooOld, WarningsNotAcknowledged."""
    if row.report is None or row.reported_at is None:
        raise DraftNotPreviewed(draft=row.public_id)
    if row.reported_at < clock.now() - timedelta(days=REPORT_DAYS_MAX):
        raise ReportTooOld(draft=row.public_id, days=REPORT_DAYS_MAX)
    if missing := [each["id"] for each in row.report["warnings"] if each["id"] not in acknowledged]:
        raise WarningsNotAcknowledged(missing=", ".join(missing))


def _require_newest(row: RulebookDraft) -> None:
    newest = newest_rulebook()
    if row.replaces != newest:
        raise RulebookSuperseded(
            replaces=row.replaces.public_id if row.replaces else None,
            newest=newest.public_id if newest else None,
        )


def _end(row: RulebookDraft, actor: Actor, command: str, **changes: Any) -> None:
    advance(
        row,
        DRAFT,
        command=command,
        role="operator",
        ended_by=actor.identifier,
        ended_at=clock.now(),
        **changes,
    )


def _record(kind: str, row: RulebookDraft, actor: Actor) -> None:
    record(
        kind=kind,
        subject=row.public_id,
        actor=actor,
        payload={
            "version": row.version,
            "digest": row.digest,
            "lane": row.lane,
            "effective_from": row.effective_from.isoformat() if row.effective_from else None,
            "replaces": row.replaces.public_id if row.replaces else None,
            "rulebook": row.rulebook.public_id if row.rulebook else None,
        },
    )
