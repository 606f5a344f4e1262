"""Publish rulebooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from marketplace.events.schemas.rules import RulebookPublished
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.permissions import Permission

from ..document import check_document
from ..errors import ControlWeakened, EffectiveInThePast, NoticeTooShort, RulebookRefused
from ..locks import RULEBOOK_LOCK
from ..models import Rulebook
from ..parameters import values_of, weakened
from ..points import vocabulary
from ..queries import rulebook_before

EFFECTIVE_LEEWAY = timedelta(minutes=1)


@transaction.atomic
def publish_rulebook(
    *,
    actor: Actor,
    document: Mapping[str, Any],
    effective_from: datetime | None = None,
    first_person: str = "",
) -> Rulebook:
    """Publish the next version of the rulebook, effective from ``effective_from`` (immediately, if not given).

    The whole document is validated: its shape, and every condition against the facts of its decision point. A time
    within the last minute means now. Parameters that weaken a control take effect after ``control_notice_hours`` of the
    rulebook before; ``first_person`` is the identifier of who gave the same command first
    (``clearing.approvals.rulebooks``). Emits rulebook.published. Raises RulebookRefused with every error,
    EffectiveInThePast, NoticeTooShort, ControlWeakened unless two people weaken a control, Forbidden.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    spoken = vocabulary()
    faults, reads = check_document(document, spoken)
    if faults:
        raise RulebookRefused(faults)
    RULEBOOK_LOCK.acquire()
    now = clock.now()
    effective = effective_from or now
    if effective < now - EFFECTIVE_LEEWAY:
        raise EffectiveInThePast(effective_from=effective.isoformat(), now=now.isoformat())
    effective = max(effective, now)
    if names := _weakened(document, now, effective):
        if first_person in ("", actor.identifier):
            raise ControlWeakened(parameters=names)
        actor.require_person()
    fixed = {**spoken, "reads": reads}
    last = Rulebook.objects.order_by("-number").first()
    rulebook = Rulebook.objects.create(
        number=last.number + 1 if last else 1,
        document=document,
        digest=digest_of(document),
        vocabulary=fixed,
        vocabulary_digest=digest_of(fixed),
        published_at=now,
        published_by=actor.identifier,
        first_person=first_person,
        effective_from=effective,
    )
    event = RulebookPublished(
        rulebook=rulebook.public_id,
        number=rulebook.number,
        digest=rulebook.digest,
        effective_from=rulebook.effective_from.isoformat(),
    )
    record(
        kind="rules.rulebook_published",
        subject=rulebook.public_id,
        actor=actor,
        payload={
            **event.data(),
            "vocabulary_digest": rulebook.vocabulary_digest,
            "first_person": first_person,
        },
    )
    emit(event)
    return rulebook


def _weakened(document: Mapping[str, Any], now: datetime, effective: datetime) -> str:
    """The parameters that weaken a control, joined; raises NoticeTooShort if they would take effect too early."""
    before = rulebook_before(effective)
    if before is None:
        return ""
    stated = before.document.get("parameters", {})
    names = ", ".join(weakened(stated, document.get("parameters", {})))
    earliest = now + timedelta(hours=values_of(stated)["control_notice_hours"])
    if names and effective < earliest:
        raise NoticeTooShort(parameters=names, earliest=earliest.isoformat())
    return names
