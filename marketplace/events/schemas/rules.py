"""Events of the rules: rulebooks, halts and neutrality bundles."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import EVERYONE, Event, seen_by


@dataclass(frozen=True, kw_only=True)
class RulebookPublished(Event):
    """A version of the rulebook was published. ``effective_from``: ISO 8601 instant.

    ``replaces``: the version before it, None for the first. ``lane``: ``ordinary`` (after its notice) or ``urgent`` (at once).
    """

    type = "rulebook.published"
    subject_field = "rulebook"
    audience = EVERYONE

    rulebook: str
    number: int
    digest: str
    effective_from: str
    replaces: str | None
    lane: str


@dataclass(frozen=True, kw_only=True)
class RulebookWithdrawn(Event):
    """A version that waited for its moment will not take effect: it is not valid with what ``urgent`` changed at once."""

    type = "rulebook.withdrawn"
    subject_field = "rulebook"
    audience = EVERYONE

    rulebook: str
    number: int
    urgent: str


@dataclass(frozen=True, kw_only=True)
class AdmissionRescreened(Event):
    """The rules would decide otherwise now on an admission, which stays as it is. ``outcome`` is that of ``decision``.

    ``cause``: ``rulebook`` (a new version took effect) or ``facts`` (those of the organisation changed).
    """

    type = "admission.rescreened"
    subject_field = "admission"
    audience = seen_by("organisation")

    admission: str
    organisation: str
    rulebook: str
    decision: str
    outcome: str
    passes: bool
    cause: str


@dataclass(frozen=True, kw_only=True)
class TradingHalted(Event):
    """A halt began. ``scope``: ``listing``, ``segment`` or ``market``; ``since``: ISO 8601 instant.

    ``target``: the listing's public identifier or the segment's code, None for the market.
    """

    type = "trading.halted"
    subject_field = "halt"
    audience = EVERYONE

    halt: str
    scope: str
    target: str | None
    since: str


@dataclass(frozen=True, kw_only=True)
class TradingResumed(Event):
    """A halt was lifted. ``scope`` and ``target``: as in TradingHalted; ``resumed_at``: ISO 8601 instant."""

    type = "trading.resumed"
    subject_field = "halt"
    audience = EVERYONE

    halt: str
    scope: str
    target: str | None
    resumed_at: str


@dataclass(frozen=True, kw_only=True)
class NeutralityPublished(Event):
    """A neutrality bundle was published. Its period is from ``first_day`` to ``last_day``; ``sha256`` is of its public file."""

    type = "neutrality.published"
    subject_field = "bundle"
    audience = EVERYONE

    bundle: str
    first_day: str
    last_day: str
    sha256: str
