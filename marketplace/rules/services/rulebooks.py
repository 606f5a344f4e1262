"""Publish rulebooks. What the operator's people draft and approve stands in ``drafts``, above this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from marketplace.events.schemas.rules import RulebookPublished, RulebookWithdrawn
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from ..document import fault_at
from ..errors import (
    EffectiveInThePast,
    NoticeTooShort,
    NotUrgent,
    RulebookRefused,
    RulebookSuperseded,
    RulebookTakesTwo,
)
from ..examples import check_rulebook
from ..locks import RULEBOOK_LOCK
from ..models import Rulebook
from ..parameters import NOTICE, values_of, weakened
from ..points import LAW_SECTIONS, vocabulary
from ..queries import newest_rulebook, pending_rulebooks, rulebook_before
from ..states import Lane

EFFECTIVE_LEEWAY = timedelta(minutes=1)

PLACES_SHOWN_MAX = 20

_Checks = dict[str, tuple[list[dict[str, Any]], dict[str, list[str]]]]
"""What ``check_rulebook`` found of documents, by their digest."""


@dataclass(frozen=True, slots=True)
class _Version:
    """A version that is to be published: its text, what it replaces, and the two people."""

    actor: Actor
    document: Mapping[str, Any]
    reads: Mapping[str, list[str]]
    first_person: str
    lane: str
    warnings: Sequence[Mapping[str, Any]]
    effective_from: datetime


@transaction.atomic
def publish_rulebook(
    *,
    actor: Actor,
    document: Mapping[str, Any],
    effective_from: datetime | None = None,
    first_person: str = "",
    replaces: str | None = None,
    lane: str = Lane.ORDINARY,
    warnings: Sequence[Mapping[str, Any]] = (),
) -> Rulebook:
    """Publish the next version of the rulebook, effective from ``effective_from``: if not given, as soon as its notice is over.

    The whole document is validated: its shape, every condition against the facts of its decision point, and its examples.
    The first version of a market takes one person and no notice. Every other names the newest, which it ``replaces`` (public
    identifier), and takes two people: ``first_person`` is the identifier of who gave the same command first. It takes effect
    after ``rulebook_notice_hours`` of the version before; if it weakens a control, after ``control_notice_hours`` of a
    stated ``effective_from``. In the urgent ``lane`` it takes effect at once and may change lists and tables of law only;
    versions that wait for their moment are published again with them; one that is not valid with them is withdrawn. A time
    within the last minute means now.

    Emits rulebook.published, rulebook.withdrawn. Raises RulebookRefused with every error, RulebookSuperseded, RulebookTakesTwo,
    EffectiveInThePast, NoticeTooShort, NotUrgent, Forbidden.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    faults, reads = check_rulebook(document, vocabulary())
    if faults:
        raise RulebookRefused(faults)
    # Decisions wait for the lock, so what waits for its moment is tried before.
    checks = _check_waiting(document) if lane == Lane.URGENT else {}
    RULEBOOK_LOCK.acquire()
    now = clock.now()
    newest = newest_rulebook()
    if replaces != (newest.public_id if newest else None):
        raise RulebookSuperseded(replaces=replaces, newest=newest.public_id if newest else None)
    if newest is not None:
        if first_person in ("", actor.identifier):
            raise RulebookTakesTwo()
        actor.require_person()
    effective = moment_of_effect(document, effective_from, lane=lane, now=now)
    before = rulebook_before(effective)
    if before is not None and not keeps_notice(before.document, document):
        raise RulebookRefused([fault_at(f"parameters.{NOTICE}", NOTICE_STAYS)])
    version = _Version(actor, document, reads, first_person, lane, warnings, effective)
    made = _publish(version, newest, now)
    if lane == Lane.URGENT and before is not None:
        _carry_over(version, before.document, made, checks)
    return made


def moment_of_effect(
    document: Mapping[str, Any], effective_from: datetime | None, *, lane: str, now: datetime
) -> datetime:
    """When a version that is published now takes effect. Raises EffectiveInThePast, NoticeTooShort, NotUrgent."""
    if effective_from is not None and effective_from < now - EFFECTIVE_LEEWAY:
        raise EffectiveInThePast(effective_from=effective_from.isoformat(), now=now.isoformat())
    effective = max(effective_from or now, now)
    before = rulebook_before(effective)
    if before is None:
        if lane == Lane.URGENT:
            raise NotUrgent(sections=", ".join(sorted(document)))
        return effective
    if lane == Lane.URGENT:
        changed = changed_sections(before.document, document)
        if more := [name for name in changed if name not in LAW_SECTIONS]:
            raise NotUrgent(sections=", ".join(more))
        return effective
    stated = before.document.get("parameters", {})
    hours = values_of(stated)
    earliest = now + timedelta(hours=hours["rulebook_notice_hours"])
    if names := ", ".join(weakened(stated, document.get("parameters", {}))):
        weakening = max(earliest, now + timedelta(hours=hours["control_notice_hours"]))
        if effective < weakening:
            raise NoticeTooShort(what=f"parameters {names}", earliest=weakening.isoformat())
    if effective_from is None:
        return earliest
    if effective < earliest:
        raise NoticeTooShort(what="rulebook", earliest=earliest.isoformat())
    return effective


def keeps_notice(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a document states the notice of versions, if the one before does: a market does not take it back."""
    return NOTICE in after.get("parameters", {}) or NOTICE not in before.get("parameters", {})


NOTICE_STAYS = Label(
    "state the notice of versions, as the version before does",
    "直前の版と同様に、規程の予告期間を指定してください",
)


def changed_sections(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The sections in which two documents differ, sorted."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def merge_law(
    before: Mapping[str, Any], urgent: Mapping[str, Any], waiting: Mapping[str, Any]
) -> dict[str, Any]:
    """The document of ``waiting`` with the entries of law that ``urgent`` adds to ``before``, and without those it drops."""
    merged = dict(waiting)
    for name in LAW_SECTIONS:
        old, new, coming = (document.get(name, []) for document in (before, urgent, waiting))
        if old == new:
            continue
        kept = [entry for entry in coming if entry in new or entry not in old]
        merged[name] = kept + [entry for entry in new if entry not in old and entry not in kept]
    return {name: value for name, value in merged.items() if value or name not in LAW_SECTIONS}


def foresee_waiting(urgent: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What becomes of each version that waits for its moment, if an urgent text is published now.

    ``{"rulebook", "number", "effective_from", "becomes", "faults"}``: ``replaced`` by one with the urgent change, or ``withdrawn``
    because it is not valid with it.
    """
    now, newest = clock.now(), newest_rulebook()
    before = rulebook_before(now)
    if newest is None or before is None:
        return []
    found = []
    for waiting in pending_rulebooks(after=now, below=newest.number + 1):
        faults, _ = check_rulebook(merge_law(before.document, urgent, waiting.document), vocabulary())
        found.append(
            {
                "rulebook": waiting.public_id,
                "number": waiting.number,
                "effective_from": waiting.effective_from.isoformat(),
                "becomes": "withdrawn" if faults else "replaced",
                "faults": faults[:PLACES_SHOWN_MAX],
            }
        )
    return found


def _check_waiting(urgent: Mapping[str, Any]) -> _Checks:
    """What is wrong with the versions that wait for their moment, with what an urgent text changes."""
    now, newest = clock.now(), newest_rulebook()
    before = rulebook_before(now)
    if newest is None or before is None:
        return {}
    merged = [
        merge_law(before.document, urgent, waiting.document)
        for waiting in pending_rulebooks(after=now, below=newest.number + 1)
    ]
    return {digest_of(document): check_rulebook(document, vocabulary()) for document in merged}


def _carry_over(urgent: _Version, before: Mapping[str, Any], made: Rulebook, checks: _Checks) -> None:
    """Publish again, with what an urgent version changes of ``before``, each version that still waits for its moment.

    Without this the urgent version, which has a higher number, would keep them from ever taking effect. One that is not valid
    with the change, an example that contradicts it say, keeps no list of law from taking effect: it is withdrawn.
    """
    newest = made
    for waiting in pending_rulebooks(after=made.effective_from, below=made.number):
        document = merge_law(before, urgent.document, waiting.document)
        found = checks.get(digest_of(document))
        faults, reads = check_rulebook(document, vocabulary()) if found is None else found
        if faults:
            _withdraw(waiting, made, urgent.actor, faults)
            continue
        carried = replace(
            urgent,
            document=document,
            reads=reads,
            warnings=waiting.warnings,
            effective_from=waiting.effective_from,
        )
        newest = _publish(carried, newest, made.published_at)


def _withdraw(waiting: Rulebook, urgent: Rulebook, actor: Actor, faults: list[dict[str, Any]]) -> None:
    """Say that a version will not take effect, because it is not valid with what an urgent one changes."""
    event = RulebookWithdrawn(rulebook=waiting.public_id, number=waiting.number, urgent=urgent.public_id)
    places = [fault["place"] for fault in faults]
    record(
        kind="rules.rulebook_withdrawn",
        subject=waiting.public_id,
        actor=actor,
        payload={**event.data(), "places": places[:PLACES_SHOWN_MAX], "faults": len(places)},
    )
    emit(event)


def _publish(version: _Version, newest: Rulebook | None, now: datetime) -> Rulebook:
    """Write one version, its evidence and its event."""
    fixed = {**vocabulary(), "reads": version.reads}
    rulebook = Rulebook.objects.create(
        number=newest.number + 1 if newest else 1,
        document=version.document,
        digest=digest_of(version.document),
        vocabulary=fixed,
        vocabulary_digest=digest_of(fixed),
        published_at=now,
        published_by=version.actor.identifier,
        first_person=version.first_person,
        effective_from=version.effective_from,
        replaces=newest,
        lane=version.lane,
        warnings=list(version.warnings),
    )
    event = RulebookPublished(
        rulebook=rulebook.public_id,
        number=rulebook.number,
        digest=rulebook.digest,
        effective_from=rulebook.effective_from.isoformat(),
        replaces=newest.public_id if newest else None,
        lane=rulebook.lane,
    )
    record(
        kind="rules.rulebook_published",
        subject=rulebook.public_id,
        actor=version.actor,
        payload={
            **event.data(),
            "vocabulary_digest": rulebook.vocabulary_digest,
            "first_person": version.first_person,
            "warnings": digest_of(rulebook.warnings),
        },
    )
    emit(event)
    return rulebook
